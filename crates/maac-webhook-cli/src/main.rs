//! `maac-webhook`: receive, send, sign and verify MAAC webhooks from the command line.
//!
//! Data goes to standard output and logs to standard error. The exit status is 0 for yes, 1 for no and 2 for
//! what could not be run.

mod admin;
mod arguments;
mod check;
mod cli;
mod demo;
mod failure;
mod identities;
mod inbox;
mod listen;
mod log;
mod receiver;
mod sandbox;
mod secret;
mod send;
mod server;
mod sign;
mod verify;

use std::process::ExitCode;

use tokio::runtime::Runtime;

use crate::{
    cli::{Cli, Command},
    failure::{Answer, Failure},
};

fn main() -> ExitCode {
    let cli = arguments::read();
    log::start();
    let result = match Runtime::new() {
        Ok(runtime) => {
            let result = runtime.block_on(run(cli));
            // A line that standard output does not take is in a thread that cannot be called back.
            runtime.shutdown_background();
            result
        }
        Err(error) => Err(Failure::because("no threads can be had", error)),
    };
    let status = match result {
        Ok(Answer::Yes) => ExitCode::SUCCESS,
        Ok(Answer::No) => ExitCode::from(1),
        Err(failure) => {
            log::error_line(&failure);
            ExitCode::from(Failure::STATUS)
        }
    };
    log::finish();
    status
}

async fn run(cli: Cli) -> Result<Answer, Failure> {
    match cli.command {
        Command::Demo(args) => demo::run(&args, cli.output).await,
        Command::Sandbox(args) => sandbox::run(&args).await,
        Command::Listen(args) => listen::run(&args).await,
        Command::Send(args) => send::run(&args, cli.output).await,
        Command::Check(args) => check::run(&args, cli.output).await,
        Command::Sign(args) => sign::run(&args, cli.output),
        Command::Verify(args) => verify::run(&args, cli.output),
        Command::Inbox(args) => inbox::run(&args, cli.output).await,
    }
}
