//! The server: connections, and the threads that serve them.
//!
//! 1. One task accepts connections, so many at a time and no more; each goes to the thread that has fewest;
//! 2. a thread for each core serves its connections alone: between a request and the answer from memory
//!    ([`hot`]) no other thread is woken;
//! 3. everything else is a task of the runtime that [`run`] was called on, so that no request, however long it
//!    takes, keeps another of its thread waiting. It ends when its client goes away;
//! 4. a large clip from memory the system sends by itself ([`super::sys`]);
//! 5. a client that sends or takes nothing for a while loses its connection;
//! 6. when the service is told to stop, what somebody waits for is finished, as long as that does not take too
//!    long ([`GRACE`]); who comes meanwhile is told that it stops.

use std::{
    convert::Infallible,
    io::{self, IoSlice},
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
    thread,
    time::Duration,
};

use axum::{
    Router,
    body::{Body, HttpBody},
    http::{Request, header},
    response::{IntoResponse, Response},
};
use futures::{StreamExt, stream};
use hyper::{
    body::Incoming,
    rt::{Read, ReadBufCursor, Write},
    server::conn::http1,
    service::Service,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::Interest,
    net::{TcpListener, TcpStream},
    runtime::{Builder, Handle},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch},
    task::JoinHandle,
    time::Sleep,
};
use tower::ServiceExt;

use super::{
    App,
    client::Peer,
    hot, layers,
    metrics::TALLY,
    problem::{Code, Problem},
    sys::Sheet,
};

/// How long requests may go on after the service was told to stop.
const GRACE: Duration = Duration::from_secs(6);

/// How long it may then take until those that still wait are told, and after that until everything has ended: less
/// than ten seconds together, after which service managers get impatient.
pub(super) const LAST: Duration = Duration::from_secs(1);

/// Connections of those who come while the service stops, and how long each may take for its request.
const MOST_LATE: u32 = 64;
const LATE: Duration = Duration::from_secs(1);

/// What is answered as always while the service stops.
const STILL: &[&str] = &["/healthz", "/readyz", "/metrics"];

/// Bytes that a connection may have sent before they are counted.
const UNCOUNTED: u64 = 1 << 20;

/// Bytes that the head of a request may have.
const MOST_HEAD: usize = 32 << 10;

/// Serves `router` on `listener` until `shutdown`, then lets running requests end, for nine seconds at most.
///
/// # Errors
/// When the threads cannot be started.
pub(super) async fn run(
    listener: TcpListener,
    app: App,
    router: Router,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let most = app.most_connections.min(descriptors().saturating_sub(SPARE)).clamp(1, MOST_PLACES);
    let room = Arc::new(Semaphore::new(most));
    let (leave, leaving) = watch::channel(());
    let renderer = app.renderer.clone();
    let door = Door::new(app, router);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let seats =
        (0..cores).map(|_| Seat::start(door.clone(), leaving.clone())).collect::<io::Result<Vec<_>>>()?;

    tokio::select! {
        () = shutdown => {}
        () = accept(&listener, &seats, &room) => {}
    }
    // Nobody listens where there is no connection.
    let _ = leave.send(());
    let all_gone = || room.acquire_many(most as u32);
    // Who comes meanwhile is told that it stops: a balancer learns it so, and sends its readers elsewhere.
    let late = Arc::new(Semaphore::new(MOST_LATE as usize));
    let finish = async {
        if tokio::time::timeout(GRACE, all_gone()).await.is_err() {
            tracing::warn!("requests that went on too long are ended");
            renderer.give_up();
            // Who takes nothing of an answer loses the rest of it.
            let _ = tokio::time::timeout(LAST, all_gone()).await;
        }
    };
    tokio::select! {
        () = finish => {}
        () = accept(&listener, &seats, &late) => {}
    }
    drop(listener);
    // They are short.
    let _ = tokio::time::timeout(LATE, late.acquire_many(MOST_LATE)).await;
    Ok(())
}

/// As many as can be counted on any machine.
const MOST_PLACES: usize = 1 << 24;

/// Descriptors that connections leave to files and everything else.
const SPARE: usize = 256 + super::sys::MOST;

/// How many descriptors the process may have; asks for as many as the system allows it.
fn descriptors() -> usize {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let limit = getrlimit(Resource::Nofile);
        let raised = Rlimit { current: limit.maximum, ..limit };
        let now = if setrlimit(Resource::Nofile, raised).is_ok() { raised } else { limit };
        now.current.map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX))
    }
    #[cfg(not(unix))]
    usize::MAX
}

/// Seats one connection after the other.
async fn accept(listener: &TcpListener, seats: &[Seat], room: &Arc<Semaphore>) {
    // The semaphore is never closed.
    while let Ok(place) = room.clone().acquire_owned().await {
        match listener.accept().await.and_then(|(connection, from)| Ok((prepared(connection)?, from))) {
            Ok((connection, from)) => {
                if let Some(seat) = seats.iter().min_by_key(|seat| Arc::strong_count(&seat.present)) {
                    seat.take(connection, Peer::new(from.ip()), place);
                }
            }
            Err(why) if is_of_the_client(&why) => {}
            Err(why) => {
                // No descriptor is left, say: trying at once would only burn a core.
                tracing::error!(%why, "no connection can be accepted");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

/// A connection that a thread with a runtime of its own can take.
fn prepared(connection: TcpStream) -> io::Result<std::net::TcpStream> {
    // The last bytes of a clip go out at once instead of waiting to be confirmed.
    connection.set_nodelay(true)?;
    connection.into_std()
}

/// Whether the client went away before its turn.
fn is_of_the_client(why: &io::Error) -> bool {
    use io::ErrorKind as K;
    matches!(why.kind(), K::ConnectionAborted | K::ConnectionReset | K::ConnectionRefused | K::InvalidInput)
}

/// A thread that serves connections.
struct Seat {
    guests: mpsc::UnboundedSender<Guest>,
    /// Counts its connections: each holds a clone.
    present: Arc<()>,
}

/// A connection on its way to its thread.
struct Guest {
    connection: std::net::TcpStream,
    peer: Peer,
    place: (Arc<()>, OwnedSemaphorePermit),
}

impl Seat {
    fn start(door: Door, leaving: watch::Receiver<()>) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (guests, mut arrived) = mpsc::unbounded_channel::<Guest>();
        thread::Builder::new().name("langdu-http".to_owned()).spawn(move || {
            runtime.block_on(async move {
                while let Some(guest) = arrived.recv().await {
                    tokio::spawn(host(guest, door.clone(), leaving.clone()));
                }
            });
        })?;
        Ok(Self { guests, present: Arc::default() })
    }

    fn take(&self, connection: std::net::TcpStream, peer: Peer, place: OwnedSemaphorePermit) {
        let guest = Guest { connection, peer, place: (self.present.clone(), place) };
        if self.guests.send(guest).is_err() {
            tracing::error!("a thread that serves connections has ended");
        }
    }
}

/// Serves one connection until either side has enough.
async fn host(guest: Guest, mut door: Door, mut leaving: watch::Receiver<()>) {
    let Guest { connection, peer, place: _place } = guest;
    let Ok(connection) = TcpStream::from_std(connection) else { return };
    let _counted = TALLY.connection();
    // Who comes when all were told to leave has one request.
    let late = leaving.has_changed().unwrap_or(true);
    (door.sheet, door.peer, door.late) = (OnTheWay::default(), Some(peer), late);
    let patience = if late { LATE } else { door.app.patience };
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(patience).max_buf_size(MOST_HEAD).keep_alive(!late);
    let line =
        Line { stream: TokioIo::new(connection), sheet: door.sheet.clone(), patience, stuck: None, sent: 0 };
    let mut served = pin!(http.serve_connection(line, door));
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        _ = leaving.changed(), if !late => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(why) = ended {
        tracing::debug!(%why, "a connection ended badly");
    }
}

/// A connection that breaks when the client takes nothing of an answer for too long.
struct Line {
    stream: TokioIo<TcpStream>,
    sheet: OnTheWay,
    patience: Duration,
    /// Runs while the client takes nothing.
    stuck: Option<Pin<Box<Sleep>>>,
    /// Bytes that were sent and not yet counted.
    sent: u64,
}

impl Drop for Line {
    fn drop(&mut self) {
        TALLY.sent(self.sent);
    }
}

impl Line {
    fn watched(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(result) = &written {
            self.stuck = None;
            self.sent += result.as_ref().map_or(0, |bytes| *bytes as u64);
            if self.sent > UNCOUNTED {
                TALLY.sent(std::mem::take(&mut self.sent));
            }
            return written;
        }
        let patience = self.patience;
        let stuck = self.stuck.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        ready!(stuck.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

/// Has the system send what it can of the first of `slices`.
fn hand_over(
    stream: &TcpStream,
    sheet: &Sheet,
    cx: &mut Context<'_>,
    slices: &[IoSlice<'_>],
) -> Poll<io::Result<usize>> {
    loop {
        ready!(stream.poll_write_ready(cx))?;
        match stream.try_io(Interest::WRITABLE, || sheet.send(stream, slices)) {
            Err(why) if why.kind() == io::ErrorKind::WouldBlock => {}
            sent => return Poll::Ready(sent),
        }
    }
}

/// The sheet of the answer that a connection sends.
#[derive(Clone, Default)]
struct OnTheWay(Arc<Mutex<Option<Arc<Sheet>>>>);

impl OnTheWay {
    fn set(&self, sheet: Option<Arc<Sheet>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = sheet;
    }

    fn get(&self) -> Option<Arc<Sheet>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Read for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl Write for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watched(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let sheet = self.sheet.get().filter(|sheet| sheet.holds(slices));
        let written = match sheet {
            Some(sheet) => hand_over(self.stream.inner(), &sheet, cx, slices),
            None => Pin::new(&mut self.stream).poll_write_vectored(cx, slices),
        };
        self.watched(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        // The head and the body of an answer go out in one call, and the body is not copied to that end.
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // All is written; who listens now is not to keep it from being removed.
        self.sheet.set(None);
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Where every request comes in.
#[derive(Clone)]
struct Door {
    app: App,
    router: Router,
    /// Where everything runs that takes time.
    runtime: Handle,
    /// Of the connection that it is the door of.
    sheet: OnTheWay,
    /// Who is at the other end of it.
    peer: Option<Peer>,
    /// Whether it came while the service stops.
    late: bool,
}

impl Door {
    fn new(app: App, router: Router) -> Self {
        Self { app, router, runtime: Handle::current(), sheet: OnTheWay::default(), peer: None, late: false }
    }
}

impl Service<Request<Incoming>> for Door {
    type Response = Response;
    type Error = Infallible;
    type Future = Answer;

    fn call(&self, mut request: Request<Incoming>) -> Answer {
        match hot::answer(&self.app, &request) {
            Some((response, sheet)) => {
                self.sheet.set(sheet);
                Answer::Ready(Some(response))
            }
            None if self.late && !STILL.contains(&request.uri().path()) => {
                let mut response = Problem::new(Code::Stopping, "the service is stopping").into_response();
                layers::finish(&self.app, request.headers().get(header::ORIGIN), response.headers_mut());
                Answer::Ready(Some(response))
            }
            None => {
                self.sheet.set(None);
                if let Some(peer) = self.peer {
                    request.extensions_mut().insert(peer);
                }
                let routed = self.router.clone().oneshot(request.map(Body::new));
                Answer::Routed(self.runtime.spawn(async { routed.await.map(made_here) }))
            }
        }
    }
}

/// Has a body that is made while it is sent made by the runtime of the caller, not by the thread of the connection
/// that sends it: one piece ahead, until nobody takes any more.
fn made_here(response: Response) -> Response {
    if response.body().size_hint().exact().is_some() {
        return response;
    }
    response.map(|body| {
        let (sender, pieces) = mpsc::channel(1);
        let mut made = body.into_data_stream();
        tokio::spawn(async move {
            loop {
                let piece = tokio::select! {
                    () = sender.closed() => return,
                    piece = made.next() => piece,
                };
                let Some(piece) = piece else { return };
                if sender.send(piece).await.is_err() {
                    return;
                }
            }
        });
        Body::from_stream(stream::unfold(pieces, async |mut pieces| Some((pieces.recv().await?, pieces))))
    })
}

/// The answer to one request; dropped, its work ends.
enum Answer {
    /// From memory.
    Ready(Option<Response>),
    /// From the router.
    Routed(JoinHandle<Result<Response, Infallible>>),
}

impl Future for Answer {
    type Output = Result<Response, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let lost = || Problem::new(Code::Internal, "the service made a mistake and goes on").into_response();
        Poll::Ready(match &mut *self {
            Self::Ready(response) => Ok(response.take().unwrap_or_else(lost)),
            Self::Routed(work) => ready!(Pin::new(work).poll(context)).unwrap_or_else(|_| Ok(lost())),
        })
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if let Self::Routed(work) = self {
            work.abort();
        }
    }
}
