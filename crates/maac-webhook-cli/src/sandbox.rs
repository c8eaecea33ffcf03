//! `sandbox`: MAAC's console on this machine.

use std::{error::Error, fs, path::Path, time::Duration};

use maac_webhook_sandbox::{
    Access, AccessToken, Console, Sandbox, Settings, api,
    maac_webhook_sender::{
        HttpTransport, TargetPolicy, platform::PlainHttp, transport::policy::AllowedTarget,
    },
    openapi::{self, OpenApiSettings, OpenApiToken},
};
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
    let (token, both) = args.token_file.as_deref().map(tokens).transpose()?.unzip();
    let openapi_token = args.openapi_token_file.as_deref().map(openapi_token).transpose()?.or(both);
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
    let settings = reaching(settings, &args.allow_target);
    let sandbox = Sandbox::open(settings).map_err(cannot_open)?;
    let cannot_listen = |error| Failure::because(format!("cannot listen on {}", args.addr), error);
    let listener = server::listen(&args.addr).await.map_err(cannot_listen)?;
    let address = listener.local_addr().map_err(cannot_listen)?;
    let access = Access::at(address, token).map_err(|_| {
        Failure::new(format!("{address} can be reached by others: name a file with a token by --token-file"))
    })?;
    let access = args.host.iter().fold(access, |access, host| access.with_host(host.as_str()));
    let openapi_token = openapi_token.unwrap_or_else(OpenApiToken::random);
    log::line(format_args!(
        "OpenAPI calls at http://{address}/openapi/v1, with the token that http://{address}/openapi shows"
    ));
    let served = Served::start(listener, sandbox, access, openapi_token);
    log::line(format_args!("listening on http://{address}"));
    signals.next().await;
    served.stop().await;
    Ok(Answer::Yes)
}

/// A sandbox that may deliver to these too, without `https` as well.
fn reaching(settings: Settings, allowed: &[AllowedTarget]) -> Settings {
    if allowed.is_empty() {
        return settings;
    }
    let policy = allowed.iter().cloned().fold(TargetPolicy::loopback(), TargetPolicy::with_allowed);
    settings
        .with_plain_http(PlainHttp::Anywhere)
        .with_transport(HttpTransport::new().with_target_policy(policy))
}

/// A console that is served, with the API and MAAC's OpenAPI calls beside it.
pub(crate) struct Served {
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

impl Served {
    pub(crate) fn start(
        listener: TcpListener,
        sandbox: Sandbox,
        access: Access,
        openapi_token: OpenApiToken,
    ) -> Self {
        let console = Console::new(sandbox.clone(), access).with_openapi_token(openapi_token.clone());
        let calls = openapi::router(sandbox.clone(), &OpenApiSettings::new(openapi_token));
        let app = console.router(api::router(sandbox).merge(calls));
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

/// The token of a file, for the console and for the calls.
fn tokens(path: &Path) -> Result<(AccessToken, OpenApiToken), Failure> {
    let access = AccessToken::new(&read(path)?).map_err(|error| unusable(path, error))?;
    Ok((access, openapi_token(path)?))
}

fn openapi_token(path: &Path) -> Result<OpenApiToken, Failure> {
    OpenApiToken::new(read(path)?.trim_end()).map_err(|error| unusable(path, error))
}

fn read(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let cannot = |error| Failure::because(format!("cannot read the token in {}", path.display()), error);
    fs::read_to_string(path).map(Zeroizing::new).map_err(cannot)
}

fn unusable(path: &Path, error: impl Error + Send + Sync + 'static) -> Failure {
    Failure::because(format!("cannot use the token in {}", path.display()), error)
}
