#pragma once

#include <optional>

#include "simulate/draw.h"
#include "simulate/entity.h"
#include "simulate/transcript.h"
#include "simulate/world.h"

namespace weir::simulate {

/// Where one transaction is worked on: what is known, what happens by chance, what is written down.
/// The references outlive it. One thread.
struct Desk {
    World& world;
    Transcript& transcript;
    Draws& draws;
    Micros now = 0;
    bool has_email = false;  // The column is there.

    Day today() const { return day_of(now); }
};

/// Each puts the entity into the world and writes the rows that differ into the transcript.
void save(Desk& desk, const Plan& after);
void save(Desk& desk, const Provider& after);
/// `before` is null for a new one. An entity that does not exist any more takes its rows with it.
void save(Desk& desk, const Member* before, const Member& after);
void save(Desk& desk, const Claim* before, const Claim& after);

}  // namespace weir::simulate
