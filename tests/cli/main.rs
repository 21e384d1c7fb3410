//! The whole program, command by command.

mod support;

mod config;
mod exec;
mod general;
mod generated;
mod hostile;
mod interrupt;
mod looks;
mod pack;
mod preflight;
mod readme;
mod review;
mod run;
mod score;
mod similarity;
mod validate;
mod weights;
