#pragma once

<<<<<<< HEAD
#include "simulate/desk.h"

/// What happens to members, providers and plans.
namespace weir::simulate {

void move_member(Desk& desk);
void marry_member(Desk& desk);
/// A child is born into a family: a member with a provisional id and a span.
void enroll_newborn(Desk& desk);
/// A provisional id becomes the lasting one; the server's foreign keys follow.
void confirm_newborn(Desk& desk);
/// Cover ends on a day that is over.
void terminate_retroactively(Desk& desk);
/// Cover returns, from a day that is over.
void reinstate_retroactively(Desk& desk);
void correct_span(Desk& desk);
/// A span that should never have been is deleted.
void remove_span(Desk& desk);
void change_plan(Desk& desk);
/// Fills the column that was added in mid-stream; before that, the member moves.
void set_email(Desk& desk);

void change_provider(Desk& desk);
/// One row is changed fifty times.
void change_provider_often(Desk& desk);
void rename_plan(Desk& desk);
=======
#include "simulate/draft.h"
#include "simulate/model.h"

/// What happens to members, providers and plans; see claim_life.h for the contract.
namespace weir::simulate {

/// A family moves to a new address together.
bool move_family(Draft& draft, Model& model, Draws& draws);
/// Takes the name and the contract of another family.
bool marry(Draft& draft, Model& model, Draws& draws);
/// Ends coverage some months back, or deletes a span that never should have been.
bool lose_eligibility(Draft& draft, Model& model, Draws& draws);
/// Reinstates coverage, or adds it some months back.
bool regain_eligibility(Draft& draft, Model& model, Draws& draws);
bool change_plan(Draft& draft, Model& model, Draws& draws);
/// Gives a span another number: the key changes.
bool renumber_span(Draft& draft, Model& model, Draws& draws);
/// Adds a member under a provisional id.
bool enrol_member(Draft& draft, Model& model, Draws& draws);
/// Gives a provisional member its lasting id (the key changes, in two tables), or deletes it.
bool confirm_member(Draft& draft, Model& model, Draws& draws);
/// Fills the column that was added in mid-stream.
bool set_email(Draft& draft, Model& model, Draws& draws);

bool change_provider(Draft& draft, Model& model, Draws& draws);
bool rename_plan(Draft& draft, Model& model, Draws& draws);
>>>>>>> simulate2

}  // namespace weir::simulate
