// Compiled only for the precompiled headers of weir_precompiled.cmake.
