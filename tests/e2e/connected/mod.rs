//! A gateway that follows its control plane, through the binary: what changes there is served, and whatever goes wrong there
//! is no caller's trouble.

mod causes;
mod changes;
mod clocks;
mod events;
mod memory;
mod older;
mod outages;
mod passwords;
mod sandbox;
mod setup;
mod sign_in;
mod spared;
mod start;
mod state;
mod status;
