//! The end-to-end suite: the built command, real cargo, real processes.
