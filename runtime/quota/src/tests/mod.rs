//! What counters promise, alone and together.

mod counter;
mod fleet;
mod leases;
