//! `sandbox`: MAAC's console on this machine.

use std::{fs, path::Path, time::Duration};

use axum::Router;
use maac_webhook_sandbox::{Access, AccessToken, Console, Sandbox, Settings};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle, time::timeout};
use zeroize::Zeroizing;

use crate::{
    cli::{SandboxArgs, SandboxData},
    failure::{Answer, Failure},
    listen::Signals,
    log,
    server::{self, Limits},
};

/// How long what is under way may take once the sandbox is told to stop. Pages that follow it live would never end by themselves.
const GRACE: Duration = Duration::from_secs(1);

pub(crate) async fn run(args: &SandboxArgs) -> Result<Answer, Failure> {
    let mut signals = Signals::new().map_err(|error| Failure::because("no signals can be had", error))?;
    let token = args.token_file.as_deref().map(token).transpose()?;
    let settings = match &args.data {
        SandboxData::Memory => Settings::new(),
        SandboxData::Sqlite(path) => Settings::new().with_file(path),
    };
    let cannot_open = |error| match &args.data {
        SandboxData::Memory => Failure::because("the sandbox cannot be opened", error),
        SandboxData::Sqlite(path) => {
            Failure::because(format!("cannot keep a sandbox in {}", path.display()), error)
        }
    };
    let sandbox = Sandbox::open(settings).map_err(cannot_open)?;
    let cannot_listen = |error| Failure::because(format!("cannot listen on {}", args.addr), error);
    let listener = server::listen(&args.addr).await.map_err(cannot_listen)?;
    let address = listener.local_addr().map_err(cannot_listen)?;
    let access = Access::at(address, token).map_err(|_| {
        Failure::new(format!("{address} can be reached by others: name a file with a token by --token-file"))
    })?;
    let access = args.host.iter().fold(access, |access, host| access.with_host(host.as_str()));
    let served = Served::start(listener, sandbox, access);
    log::line(format_args!("listening on http://{address}"));
    signals.next().await;
    served.stop().await;
    Ok(Answer::Yes)
}

/// A console that is served.
pub(crate) struct Served {
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

impl Served {
    pub(crate) fn start(listener: TcpListener, sandbox: Sandbox, access: Access) -> Self {
        let app = Console::new(sandbox, access).router(Router::new());
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(server::serve(listener, app, Limits::default(), async {
            // Either the word to stop, or whoever could give it is gone.
            let _ = stopped.await;
        }));
        Self { stop, served }
    }

    pub(crate) async fn stop(self) {
        let _ = self.stop.send(());
        let _ = timeout(GRACE, self.served).await;
    }
}

fn token(path: &Path) -> Result<AccessToken, Failure> {
    let cannot = |error| Failure::because(format!("cannot read the token in {}", path.display()), error);
    let text = Zeroizing::new(fs::read_to_string(path).map_err(cannot)?);
    AccessToken::new(&text)
        .map_err(|error| Failure::because(format!("cannot use the token in {}", path.display()), error))
}
