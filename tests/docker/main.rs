//! Harnesses in containers, on a real engine.
//!
//! The image is made from this machine by `image.py`, with the Python that the sandbox would use, so no network is
//! needed. Without an engine the tests are skipped and say so; with `DFAB_TEST_DOCKER=required` that is a failure.

mod attacks;
mod broker;
mod endings;
mod errors;
mod output;
mod removal;
mod same_everywhere;
mod support;
mod the_world_inside;
