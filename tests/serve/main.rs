//! `dfab serve-lite`, through its door: the real program on a free port of this machine.

mod auth;
mod browser;
mod clients;
mod description;
mod pages;
mod queue;
mod routes;
mod support;
mod uploads;
