#pragma once

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

}  // namespace weir::simulate
