#pragma once

#include "simulate/desk.h"

/// What happens to claims. Where what was drawn does not fit the claim's state, something else
/// happens.
namespace weir::simulate {

/// A claim arrives: header, lines, diagnoses and the first status event.
void receive_claim(Desk& desk);
/// A recent claim goes its next step: adjudicated, denied, paid, adjusted, voided, overturned,
/// annotated.
void advance_claim(Desk& desk);
/// Pays those of up to twenty claims that wait for it.
void run_payments(Desk& desk);
/// A line gets another number: part of its key changes.
void renumber_line(Desk& desk);
/// The last diagnosis goes, or one is added.
void change_diagnoses(Desk& desk);
/// A denied or voided claim is purged with everything that belongs to it.
void purge_claim(Desk& desk);
/// Changes every line of the oldest claims by one statement.
void change_units_in_bulk(Desk& desk);

}  // namespace weir::simulate
