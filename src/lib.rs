//! hapax runs HAProxy configurations.
//!
//! The modules stand on floors; a module imports only from floors below its own
//! (`tests/architecture.rs` checks it). From the ground up: [`base`], [`proto`], [`grammar`] and
//! [`table`], [`config`], [`ir`] and [`sample`], [`action`], [`balance`] and [`stick`], [`lower`],
//! [`lint`], [`fmt`] and [`migrate`], [`plan`],
//! [`rules`], [`engine`], [`control`] and [`dryrun`], [`cmd`].

pub mod action;
pub mod balance;
pub mod base;
pub mod cmd;
pub mod config;
pub mod control;
pub mod dryrun;
pub mod engine;
pub mod fmt;
pub mod grammar;
pub mod ir;
pub mod lint;
pub mod lower;
pub mod migrate;
pub mod plan;
pub mod proto;
pub mod rules;
pub mod sample;
pub mod stick;
pub mod table;
