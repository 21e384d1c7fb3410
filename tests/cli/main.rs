//! The whole program, command by command.

mod chat;
mod support;

mod batch;
mod config;
mod durability;
mod exec;
mod from_service;
mod general;
mod generated;
mod hostile;
mod interrupt;
mod llm;
mod looks;
mod pack;
mod preflight;
mod readme;
mod resume;
mod review;
mod run;
mod run_report;
mod runs;
mod score;
mod similarity;
mod validate;
mod weights;
