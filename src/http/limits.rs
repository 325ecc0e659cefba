//! How much one client, and how much all of them, may have done: so many requests a minute.
//!
//! 1. Counted is what makes work ([`Work`]): what is submitted or changed, and, ten times cheaper, what has a clip
//!    made or a notice planned again. Clips that are kept, files of the web part, and what the service tells about
//!    itself never count, so that nobody who listens to what is made is ever refused.
//! 2. A client is what [`client::account`] says. Who has a key of the site counts in the sum alone.
//! 3. Every client has a bucket that fills again ([`governor`]). A client that is forgotten is one whose bucket is
//!    full; beyond [`MOST_CLIENTS`] at a time new ones share one bucket, so memory is bounded.
//! 4. A wrong key costs a token of a smaller bucket ([`hold`]). A right one is never refused for it: a key cannot be
//!    guessed at any rate, and who shares an address with somebody that tries must not be locked out.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr},
    num::NonZeroU32,
    sync::{
        Mutex, Once, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{Extensions, HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    nanos::Nanos,
    state::{InMemoryState, NotKeyed, StateStore, keyed::ShrinkableKeyedStateStore},
};
use ipnet::IpNet;

use super::{
    App, auth,
    client::{self, Peer},
    problem::{Code, Problem},
};

/// How much may be asked for; 0 is as much as anybody likes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Submissions a minute from one client; clips that have to be made, ten times as many.
    pub client_rate: u32,
    /// How many of them may come at once.
    pub client_burst: u32,
    /// Submissions a minute from all clients together; clips that have to be made, ten times as many.
    pub total_rate: u32,
    /// Networks of the proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { client_rate: 120, client_burst: 60, total_rate: 6000, trusted_proxies: Vec::new() }
    }
}

impl Limits {
    /// No limits, and no proxies.
    pub const NONE: Self =
        Self { client_rate: 0, client_burst: 0, total_rate: 0, trusted_proxies: Vec::new() };
}

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// To take in or to change something.
    Submission,
    /// To make a clip, or to plan a notice again.
    Clip,
}

/// So many clips cost as much as one submission: a notice has some dozen, and who submits it listens to them.
const CLIPS: u32 = 10;

/// So long all clients together may ask for twice as much as they may in the long run, seconds.
const TOTAL_BURST: u32 = 15;

/// Wrong keys that a client may send at once, and each minute.
const GUESSES: (u32, u32) = (10, 6);

/// Clients that are counted one by one, for each kind of work; some ten megabytes.
const MOST_CLIENTS: usize = 1 << 17;

/// After so many requests it is looked which clients can be forgotten.
const ROUND: u32 = 1024;

/// On whose account a request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Account {
    Client(IpAddr),
    /// Somebody with a key of the site.
    Known,
}

/// Counts who asks for how much.
pub(super) struct Meter {
    trusted: Vec<IpNet>,
    submissions: Buckets,
    clips: Buckets,
    guesses: Option<PerClient>,
    /// The operator was told of a proxy that is not trusted.
    told: Once,
}

impl Meter {
    pub(super) fn new(limits: Limits) -> Self {
        let Limits { client_rate, client_burst, total_rate, trusted_proxies } = limits;
        let buckets = |times: u32| Buckets {
            client: PerClient::new(client_rate.saturating_mul(times), client_burst.saturating_mul(times)),
            total: quota(
                total_rate.saturating_mul(times),
                total_rate.saturating_mul(times) / 60 * TOTAL_BURST,
            )
            .map(RateLimiter::direct),
        };
        let (burst, rate) = GUESSES;
        Self {
            trusted: trusted_proxies,
            submissions: buckets(1),
            clips: buckets(CLIPS),
            guesses: (client_rate > 0).then(|| PerClient::new(rate, burst)).flatten(),
            told: Once::new(),
        }
    }

    /// On whose account a request with these `headers` goes.
    fn account(&self, app: &App, headers: &HeaderMap, extensions: &Extensions) -> Account {
        if auth::bearer(headers).is_some_and(|given| app.keys.find(given).is_some()) {
            return Account::Known;
        }
        // Without a connection (a router of its own) all are one.
        let peer = extensions.get().copied().unwrap_or(Peer(Ipv4Addr::UNSPECIFIED.into()));
        let client = client::client(peer, headers, &self.trusted);
        if client.is_loopback() && headers.contains_key(client::FORWARDED_FOR) {
            let what =
                "a proxy on this machine is not in trusted_proxies: all who come through it are one client";
            self.told.call_once(|| tracing::warn!("{what}"));
        }
        Account::Client(client::account(client))
    }

    /// Takes what `work` costs.
    ///
    /// # Errors
    /// `too_many_requests` when `account` has no more, `overloaded` when nobody has; both say when to come again.
    pub(super) fn charge(&self, account: Account, work: Work) -> Result<(), Problem> {
        let buckets = match work {
            Work::Submission => &self.submissions,
            Work::Clip => &self.clips,
        };
        if let (Some(clients), Account::Client(address)) = (&buckets.client, account) {
            clients.take(address).map_err(too_many)?;
        }
        let Some(total) = &buckets.total else { return Ok(()) };
        total.check().map_err(|until| {
            let problem =
                Problem::new(Code::Overloaded, "everybody together asks for too much at the moment");
            later(problem, until.wait_time_from(total.clock().now()))
        })
    }

    /// Takes what a wrong key costs.
    fn guessed(&self, account: Account) -> Result<(), Problem> {
        match (&self.guesses, account) {
            (Some(guesses), Account::Client(address)) => guesses.take(address).map_err(too_many),
            _ => Ok(()),
        }
    }
}

/// Lets pass what does not ask for too much, and notes on whose account it goes. A layer.
pub(super) async fn hold(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let account = app.meter.account(&app, request.headers(), request.extensions());
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    if let Some(work) = work_of(request.method(), route)
        && let Err(problem) = app.meter.charge(account, work)
    {
        return problem.into_response();
    }
    let has_key = request.headers().contains_key(header::AUTHORIZATION);
    request.extensions_mut().insert(account);
    let response = next.run(request).await;
    if has_key
        && response.status() == StatusCode::UNAUTHORIZED
        && let Err(problem) = app.meter.guessed(account)
    {
        return problem.into_response();
    }
    response
}

/// Takes what it costs to make a clip or to plan a notice, from the account in the `extensions` of a request.
///
/// # Errors
/// As [`Meter::charge`].
pub(super) fn charge_for_clip(app: &App, extensions: &Extensions) -> Result<(), Problem> {
    extensions.get().map_or(Ok(()), |account| app.meter.charge(*account, Work::Clip))
}

/// What a request costs before it is looked at. Clips are charged for when they have to be made.
fn work_of(method: &Method, route: Option<&str>) -> Option<Work> {
    let reads = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    match route {
        // Its manifest, progress, whole file, and that a reader has stopped.
        Some(route) if route.starts_with("/v1/notices/{id}") => Some(Work::Clip),
        _ => (!reads).then_some(Work::Submission),
    }
}

/// The buckets for one kind of work.
struct Buckets {
    client: Option<PerClient>,
    total: Option<RateLimiter<NotKeyed, InMemoryState, DefaultClock>>,
}

/// A bucket for each client.
struct PerClient {
    limiter: RateLimiter<IpAddr, Counted, DefaultClock>,
    /// Requests since the last look at who can be forgotten.
    requests: AtomicU32,
}

impl PerClient {
    fn new(rate: u32, burst: u32) -> Option<Self> {
        let limiter = RateLimiter::new(quota(rate, burst)?, Counted::default(), DefaultClock::default());
        Some(Self { limiter, requests: AtomicU32::new(0) })
    }

    /// Takes a token, or tells how long it will be until there is one.
    fn take(&self, client: IpAddr) -> Result<(), Duration> {
        if self.requests.fetch_add(1, Ordering::Relaxed) % ROUND == ROUND - 1 {
            self.limiter.retain_recent();
        }
        let limiter = &self.limiter;
        limiter.check_key(&client).map_err(|until| until.wait_time_from(limiter.clock().now()))
    }
}

/// What is left in the buckets; a bucket that is not here is full.
#[derive(Default)]
struct Counted(Mutex<Levels>);

#[derive(Default)]
struct Levels {
    clients: HashMap<IpAddr, Nanos>,
    /// Of all whom there was no room for.
    crowd: Option<Nanos>,
}

impl StateStore for Counted {
    type Key = IpAddr;

    fn measure_and_replace<T, F, E>(&self, client: &IpAddr, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut levels = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = levels.clients.get(client).copied();
        if known.is_some() || levels.clients.len() < MOST_CLIENTS {
            let (outcome, level) = measure(known)?;
            levels.clients.insert(*client, level);
            return Ok(outcome);
        }
        let (outcome, level) = measure(levels.crowd)?;
        levels.crowd = Some(level);
        Ok(outcome)
    }
}

impl ShrinkableKeyedStateStore<IpAddr> for Counted {
    fn retain_recent(&self, full: Nanos) {
        let mut levels = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        levels.clients.retain(|_, level| *level > full);
    }

    fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clients.len()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// So many a minute, so many at once, but one at least; none where it is any number.
fn quota(rate: u32, burst: u32) -> Option<Quota> {
    let rate = NonZeroU32::new(rate)?;
    Some(Quota::per_minute(rate).allow_burst(NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN)))
}

fn too_many(wait: Duration) -> Problem {
    later(Problem::new(Code::TooManyRequests, "this client asks for too much at the moment"), wait)
}

/// `problem`, and that it makes sense to come again after `wait`, in whole seconds.
fn later(problem: Problem, wait: Duration) -> Problem {
    let seconds = wait.as_secs_f64().ceil().max(1.0) as u64;
    problem.with(header::RETRY_AFTER, HeaderValue::from(seconds))
}

#[cfg(test)]
mod tests;
