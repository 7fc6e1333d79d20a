#pragma once

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

}  // namespace weir::simulate
