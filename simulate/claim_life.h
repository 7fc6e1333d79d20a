#pragma once

#include "simulate/draft.h"
#include "simulate/model.h"

/// What happens to claims. Each adds to the draft and returns true, or finds nothing to do and
/// returns false. `model` is the draft's, for its lists of waiting claims, which lose ids that are
/// out of date.
namespace weir::simulate {

bool receive_claim(Draft& draft, Model& model, Draws& draws);
/// Prices a received claim, or denies it.
bool adjudicate_claim(Draft& draft, Model& model, Draws& draws);
bool pay_claim(Draft& draft, Model& model, Draws& draws);
/// Prices a finished claim anew and pays or recovers the difference; overturns a denial.
bool adjust_claim(Draft& draft, Model& model, Draws& draws);
/// Takes a payment back.
bool void_claim(Draft& draft, Model& model, Draws& draws);
/// Deletes a voided claim with everything that belongs to it.
bool purge_claim(Draft& draft, Model& model, Draws& draws);
/// Changes the attachments and leaves the note alone.
bool annotate_claim(Draft& draft, Model& model, Draws& draws);
bool rewrite_note(Draft& draft, Model& model, Draws& draws);
/// Changes one claim up to fifty times.
bool touch_claim_often(Draft& draft, Model& model, Draws& draws);
/// Gives a line another number: the key changes.
bool renumber_line(Draft& draft, Model& model, Draws& draws);

}  // namespace weir::simulate
