//! The end-to-end suite: the built command, real cargo, real processes.

mod own_profile;
