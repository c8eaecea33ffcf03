//! One connection, from its first byte to its end.

use std::{convert::Infallible, net::IpAddr, pin::pin};

use axum::{Router, body::Body, http::Request};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use maac_webhook::PeerAddr;
use tokio::{
    net::TcpStream,
    sync::{Notify, watch},
    time::sleep_until,
};
use tower_service::Service;

use super::{Limits, activity::Activity, stream::Stream};

/// The largest head of a request, and the most that is read ahead of one.
const BUFFER: usize = 32 * 1024;

/// HTTP/2: requests at once on one connection. A sender has a few under way, and a proxy opens a further connection.
const STREAMS: u32 = 8;

/// HTTP/2: the largest head of a request, decoded. A delivery's is a tenth of it. No budget counts heads, and one of tiny
/// headers takes seven times its size: all of one connection's, up to 220 KiB.
const HEADERS: u32 = 4 * 1024;

/// HTTP/2: what one request, and all of a connection, may send ahead of being read.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 256 * 1024;

pub(super) struct Server {
    app: Router,
    http: Builder<TokioExecutor>,
    limits: Limits,
}

impl Server {
    pub(super) fn new(app: Router, limits: Limits) -> Self {
        let mut http = Builder::new(TokioExecutor::new());
        http.http1().header_read_timeout(None).max_buf_size(BUFFER);
        http.http2()
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(HEADERS)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW);
        Self { app, http, limits }
    }

    /// Serves until either side ends it, what it waits for is overdue, its place is wanted, or the server stops. A
    /// request that is being answered is answered first, on a connection that is proven; any other is soon cut.
    pub(super) async fn serve(
        &self,
        stream: TcpStream,
        peer: IpAddr,
        place_wanted: &Notify,
        mut stop: watch::Receiver<()>,
    ) {
        let activity = Activity::new();
        let io = TokioIo::new(Stream::new(stream, activity.clone()));
        let answer = service_fn(|mut request: Request<Incoming>| {
            request.extensions_mut().insert(PeerAddr::new(peer));
            let (activity, mut app) = (activity.clone(), self.app.clone());
            async move {
                let _under_way = activity.request(request.version());
                let Ok(response) = app.call(request.map(Body::new)).await;
                if response.status().is_success() {
                    activity.prove();
                } else {
                    activity.may_be_unread();
                }
                Ok::<_, Infallible>(response)
            }
        });
        let mut connection = pin!(self.http.serve_connection(io, answer));
        let mut look = pin!(sleep_until(activity.next_look(&self.limits)));
        loop {
            tokio::select! {
                // A head that is there already is read before it is looked for in vain.
                biased;
                ended = connection.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!(%error, "a connection ended");
                    }
                    return;
                }
                () = look.as_mut() => {
                    if activity.is_overdue(&self.limits) {
                        if !activity.end() {
                            return;
                        }
                        connection.as_mut().graceful_shutdown();
                    }
                }
                // Now its place may be wanted.
                () = activity.quiet() => {}
                () = place_wanted.notified(), if activity.is_idle() || activity.may_be_cut(&self.limits) => {
                    if activity.may_be_cut(&self.limits) {
                        return;
                    }
                    if !activity.is_idle() {
                        place_wanted.notify_one();
                    } else if activity.end() {
                        connection.as_mut().graceful_shutdown();
                    }
                }
                Ok(()) = stop.changed() => {
                    activity.end();
                    connection.as_mut().graceful_shutdown();
                }
            }
            look.as_mut().reset(activity.next_look(&self.limits));
        }
    }
}
