//! What only shows in the whole: references between proxies, numbers that statistics need,
//! settings that contradict each other.

use super::context::{Context, Draft};
use super::keyword::Sections;
use crate::base::diag::{Diagnostic, Form};
use crate::base::span::Span;
use crate::ir::global::DefaultPath;
use crate::ir::proxy::{Options, ProxyId, RetryOn};
use crate::ir::rule::BackendRef;
use crate::ir::{Bind, Config, Mode};
use crate::sample::reference::Reference;
use crate::sample::view::Direction;
use std::collections::HashSet;

/// Completes the configuration.
pub fn finish(mut cx: Context<'_>) -> (Config, Vec<Diagnostic>) {
    default_backends(&mut cx);
    number_proxies(&mut cx);
    write_to(&mut cx);
    for index in 0..cx.proxies.len() {
        check_proxy(&mut cx, index);
        number_parts(&mut cx, index);
    }
    if let Some(maxconn) = cx.options.maxconn {
        cx.global.maxconn = Some(maxconn).filter(|v| *v > 0);
    }
    super::experimental::finish(&mut cx);
    processes_to_threads(&mut cx);
    let directories = directories(&cx);
    let sources = cx.document.sources.iter();
    let files = sources.map(|(_, source)| source.name.clone()).collect();
    let lists = lists(&cx);
    let pins = cx.names.pins.take();
    let default_maxconn = cx.options.proxy_maxconn;
    let mut proxies: Vec<_> = cx.proxies.into_iter().map(|d| d.proxy).collect();
    for proxy in &mut proxies {
        if proxy.frontend {
            proxy.settings.maxconn = proxy.settings.maxconn.or(default_maxconn);
        }
    }
    let config = Config {
        global: cx.global,
        proxies,
        directories,
        files,
        log_profiles: cx.log_profiles,
        rings: cx.rings,
        resolvers: cx.resolvers,
        healthchecks: cx
            .healthchecks
            .into_iter()
            .map(|d| (d.proxy.name, d.proxy.settings))
            .collect(),
        http_errors: cx.http_errors,
        lists,
        pins,
        tables: cx.tables.into_iter().map(|(_, table)| table).collect(),
        pattern_files: cx.pattern_files,
        keys: cx.keys,
    };
    (config, cx.diags)
}

/// `write-to` of stick tables names another one.
fn write_to(cx: &mut Context<'_>) {
    let mut found = Vec::new();
    for (span, table) in &cx.tables {
        if let Some(target) = &table.spec().write_to
            && cx.table(target).is_none()
        {
            let text = format!(
                "Proxy '{}': failed to initialize stick-table: write-to: table '{target}' doesn't exist.",
                table.spec().name
            );
            found.push(plain(Diagnostic::alert("HX0301", *span, text)));
        }
    }
    cx.diags.append(&mut found);
}

/// The lists of patterns with what HAProxy's runtime API tells of them.
fn lists(cx: &Context<'_>) -> Vec<(std::sync::Arc<Reference>, String)> {
    let described = |list: std::sync::Arc<Reference>| {
        let of_file = !list.name.is_empty();
        let uses: Vec<String> = list
            .uses()
            .iter()
            .map(|u| {
                let place = cx.document.sources.name(u.span.file);
                let (by, at) = if of_file { ("by ", "at ") } else { ("", "") };
                format!("{by}{} {at}file '{place}' line {}", u.what, u.span.line)
            })
            .collect();
        let uses = uses.join(", ");
        let text = match of_file {
            true => format!("pattern loaded from file '{}' used {uses}", list.name),
            false => uses,
        };
        (list, text)
    };
    let all = cx.references.numbered();
    all.into_iter().map(described).collect()
}

/// `process` and `bind-process` of old files choose threads where `nbproc` asks for several.
fn processes_to_threads(cx: &mut Context<'_>) {
    if cx.global.nbthread.is_some() || cx.global.nbproc.is_none_or(|n| n < 2) {
        return;
    }
    for draft in &mut cx.proxies {
        let proxy = &mut draft.proxy;
        for bind in proxy.binds.iter_mut().filter(|b| b.threads.is_empty()) {
            bind.threads = match bind.processes.is_empty() {
                true => proxy.settings.bind_process.clone(),
                false => bind.processes.clone(),
            };
        }
    }
}

/// `default-path` for each file of the configuration.
fn directories(cx: &Context<'_>) -> Vec<String> {
    let sources = cx.document.sources.iter();
    sources
        .map(|(_, source)| {
            let own = source.name.rsplit_once('/').map_or("", |(dir, _)| dir);
            match &cx.global.default_path {
                DefaultPath::Current => String::new(),
                DefaultPath::Config => own.to_owned(),
                DefaultPath::Parent if own.is_empty() => "..".to_owned(),
                DefaultPath::Parent => format!("{own}/.."),
                DefaultPath::Origin(dir) => dir.clone(),
            }
        })
        .collect()
}

fn plain(finding: Diagnostic) -> Diagnostic {
    finding.form(Form::Plain)
}

/// `default_backend` by name to a proxy, and whether the modes fit.
fn default_backends(cx: &mut Context<'_>) {
    for index in 0..cx.proxies.len() {
        let Some(draft) = cx.proxies.get(index) else {
            continue;
        };
        if !draft.proxy.frontend {
            continue;
        }
        if let Some((name, span)) = draft.default_backend.clone() {
            default_backend(cx, index, &name, span);
        }
        use_backends(cx, index);
    }
}

fn default_backend(cx: &mut Context<'_>, index: usize, name: &str, span: Span) {
    let Some(draft) = cx.proxies.get(index) else {
        return;
    };
    let this = draft.proxy.name.clone();
    let Some(target) = cx.backend(name) else {
        let message = format!("Proxy '{this}': unable to find required default_backend: '{name}'.");
        let mut finding = plain(Diagnostic::alert("HX0301", span, message));
        finding.help.extend(cx.nearest_backend(name));
        cx.diags.push(finding);
        return;
    };
    if target == draft.proxy.id {
        let message = format!("Proxy '{this}': loop detected for default_backend: '{name}'.");
        cx.diags
            .push(plain(Diagnostic::alert("HX0303", span, message)));
        return;
    }
    if let Some(finding) = incompatible(cx, draft, target, "as its default backend", span) {
        cx.diags.push(finding);
        return;
    }
    if let Some(draft) = cx.proxies.get_mut(index) {
        draft.proxy.settings.default_backend = Some(target);
    }
}

fn use_backends(cx: &mut Context<'_>, index: usize) {
    let Some(draft) = cx.proxies.get(index) else {
        return;
    };
    let mut found = Vec::new();
    for line in &draft.proxy.use_backends {
        let BackendRef::Proxy(target) = line.target else {
            continue;
        };
        if target == draft.proxy.id {
            let name = &draft.proxy.name;
            let message = format!("Proxy '{name}': loop detected for use_backend: '{name}'.");
            found.push(plain(Diagnostic::alert("HX0303", line.span, message)));
        } else {
            found.extend(incompatible(
                cx,
                draft,
                target,
                "in a 'use_backend' rule",
                line.span,
            ));
        }
    }
    cx.diags.append(&mut found);
}

fn mode_word(mode: Mode) -> &'static str {
    match mode {
        Mode::Tcp => "tcp",
        Mode::Http => "http",
        Mode::Health => "health",
        Mode::Other => "syslog",
    }
}

/// An HTTP front end cannot hand over to a TCP back end; the other way round it can.
fn incompatible(
    cx: &Context<'_>,
    from: &Draft<'_>,
    target: ProxyId,
    how: &str,
    span: Span,
) -> Option<Diagnostic> {
    let to = cx.proxy(target)?;
    let (here, there) = (from.proxy.settings.mode, to.proxy.settings.mode);
    if here == there || (here, there) == (Mode::Tcp, Mode::Http) {
        return None;
    }
    let named = |d: &Draft<'_>| {
        let named = d.named();
        format!(
            "{} {named} ({})",
            mode_word(d.proxy.settings.mode),
            cx.place(d.proxy.span)
        )
    };
    let message = format!(
        "{} tries to use incompatible {} {how} (see 'mode').",
        named(from),
        named(to)
    );
    Some(plain(Diagnostic::alert("HX0304", span, message)).related(to.proxy.span, "declared here"))
}

/// Fills in the numbers of proxies that have none: the smallest free ones, in order. HAProxy
/// gives 1 to the proxy of its runtime API, so they begin at 2.
fn number_proxies(cx: &mut Context<'_>) {
    let mut next = 2;
    let used: HashSet<u32> = cx.proxies.iter().map(|d| d.proxy.uuid).collect();
    for draft in &mut cx.proxies {
        if draft.proxy.uuid == 0 {
            while used.contains(&next) {
                next += 1;
            }
            draft.proxy.uuid = next;
            next += 1;
        }
    }
}

/// The same for the servers of one proxy. Here those with a number of their own count too: the
/// third server gets 3 unless that is taken.
fn number_parts(cx: &mut Context<'_>, index: usize) {
    let Some(draft) = cx.proxies.get_mut(index) else {
        return;
    };
    let servers = &mut draft.proxy.servers;
    let used: HashSet<u32> = servers.iter().map(|s| s.id).collect();
    let mut next = 1;
    for server in servers {
        if server.id == 0 {
            while used.contains(&next) {
                next += 1;
            }
            std::sync::Arc::make_mut(server).id = next;
        }
        next += 1;
    }
}

/// Contradictions within one proxy, in HAProxy's words and order.
fn check_proxy(cx: &mut Context<'_>, index: usize) {
    let Some(draft) = cx.proxies.get(index) else {
        return;
    };
    let proxy = &draft.proxy;
    if proxy.disabled {
        return;
    }
    let settings = &proxy.settings;
    let named = draft.named();
    let head = proxy.span;
    let http = settings.mode == Mode::Http;
    let mut found = Vec::new();
    if !http
        && proxy.frontend
        && let Some((style, span)) = settings.log_style.as_ref().filter(|(s, _)| s.is_http())
    {
        let text = format!(
            "parsing [{}] : '{}' not usable with {named} (needs 'mode http'). Falling back to 'option tcplog'.",
            cx.place(*span),
            style.said()
        );
        found.push(plain(Diagnostic::warning("HX0306", *span, text)));
    }
    let mut warn = |code, span, text: String| {
        found.push(plain(Diagnostic::warning(code, span, text)));
    };
    if proxy.frontend && proxy.binds.is_empty() {
        warn(
            "HX0305",
            head,
            format!(
                "{named} has no 'bind' directive. Please declare it as a backend if this was intended."
            ),
        );
    }
    if !http && let Some(cookie) = settings.cookie.as_ref().filter(|_| proxy.backend) {
        let text = format!("cookie will be ignored for {named} (needs 'mode http').");
        warn("HX0306", cookie.span, text);
    }
    let client = proxy.frontend && settings.timeouts.client.is_none();
    let server = proxy.backend
        && !proxy.servers.is_empty()
        && (settings.timeouts.server.is_none() || settings.timeouts.connect.is_none());
    if matches!(settings.mode, Mode::Tcp | Mode::Http) && (client || server) {
        let finding = plain(Diagnostic::warning(
            "HX0307",
            head,
            format!("missing timeouts for {named}."),
        ))
        .excerpt("   | While not properly invalid, you will certainly encounter various problems")
        .excerpt("   | with such a configuration. To fix this, please ensure that all following")
        .excerpt("   | timeouts are set to a non-zero value: 'client', 'connect', 'server'.");
        found.push(finding);
    }
    let mut warn = |code, span, text: String| {
        found.push(plain(Diagnostic::warning(code, span, text)));
    };
    if !http {
        needs_http(draft, &mut warn);
    }
    for (rules, name, option) in [
        (&settings.tcp_check, "tcp-check", "tcp-check"),
        (&settings.http_check, "http-check", "httpchk"),
    ] {
        if rules.own && rules.unused {
            let text = format!(
                "{named} uses {name} rules without 'option {option}', so the rules are ignored."
            );
            warn("HX0329", head, text);
        }
    }
    let formatted = settings.log_style.is_some() || settings.log_format_sd.is_some();
    if proxy.frontend && settings.logs.is_empty() && formatted {
        let text = format!("log format ignored for {named} since it has no log address.");
        warn("HX0398", head, text);
    }
    for server in &proxy.servers {
        if let (Some(_), true) = (&server.cookie, !http) {
            let text = format!(
                "{named} : ignoring cookie for server '{}' as HTTP mode is disabled.",
                server.name
            );
            warn("HX0306", server.span, text);
        }
    }
    if !http {
        for (set, name) in [
            (settings.forwardfor.is_some(), "forwardfor"),
            (settings.originalto.is_some(), "originalto"),
        ] {
            if set {
                let text = format!("'option {name}' ignored for {named} as it requires HTTP mode.");
                warn("HX0306", head, text);
            }
        }
    }
    let mut alerts = Vec::new();
    for (direction, slot, span) in &draft.slot_uses {
        let known = proxy.captures.of(*direction).len();
        if proxy.frontend && usize::try_from(*slot).is_ok_and(|slot| slot >= known) {
            let side = match direction {
                Direction::Request => "request",
                Direction::Response => "response",
            };
            let text = format!(
                "Proxy '{}': unable to find capture id '{slot}' referenced by http-{side} capture rule.",
                proxy.name
            );
            alerts.push(plain(Diagnostic::alert("HX0392", *span, text)));
        }
    }
    for server in proxy.servers.iter().filter(|s| s.h2 && !http) {
        let text = match cx.options.dynamic {
            true => "MUX protocol is not usable for server.".to_owned(),
            false => format!(
                "{named} : MUX protocol 'h2' is not usable for server '{}' at [{}].",
                server.name,
                cx.place(server.span)
            ),
        };
        alerts.push(plain(Diagnostic::alert("HX0274", server.span, text)));
    }
    for server in &proxy.servers {
        let Some(check) = &server.check else {
            continue;
        };
        let port = check
            .port
            .map_or(0, u32::from)
            .max(check.addr.as_ref().map_or(0, |a| u32::from(a.port)));
        let own = &server.address;
        if draft.check_rules {
            continue; // each rule may name a port of its own
        }
        // an address that stands for the client's own may come with its port, too
        let known = own
            .host
            .ip()
            .is_some_and(|ip| !ip.is_unspecified() || ip.is_ipv6());
        if known && port == 0 && (own.port == 0 || own.port_offset.is_some()) {
            let text = format!(
                "config: {named}: server '{}' has neither service port nor check port.",
                server.name
            );
            alerts.push(plain(Diagnostic::alert("HX0308", server.span, text)));
        }
    }
    let wanted = RetryOn::CONN_FAILURE | RetryOn::EMPTY_RESPONSE | RetryOn::RESPONSE_TIMEOUT;
    if !settings.retry_on.contains(wanted) {
        for server in proxy.servers.iter().filter(|s| s.tfo) {
            let text = format!(
                "'server {}/{}' : server has tfo activated, the backend should be configured with at least 'conn-failure', 'empty-response' and 'response-timeout' or we wouldn't be able to retry the connection on failure.",
                proxy.name, server.name
            );
            let finding = Diagnostic::warning("HX0309", server.span, text);
            alerts.push(finding.form(Form::PlainBracket));
        }
    }
    if !http && proxy.servers.iter().any(|s| s.redir.is_some()) {
        let text =
            format!("{named} : server cannot have cookie or redirect prefix in non-HTTP mode.");
        alerts.push(plain(Diagnostic::alert("HX0322", head, text)));
    }
    if let Some(first) = proxy.rules.stats_http_request.first()
        && let Some(stats) = &settings.stats
        && (stats.realm.is_some() || !stats.users.is_empty())
    {
        let text = format!(
            "{named}: stats 'auth'/'realm' and 'http-request' can't be used at the same time."
        );
        let finding = plain(Diagnostic::alert("HX0327", first.span, text));
        alerts.push(finding.help("'stats auth' lets in whoever knows a password; 'stats http-request' decides by conditions"));
    }
    for bind in &proxy.binds {
        alerts.extend(missing_threads(cx, &named, bind));
    }
    found.append(&mut alerts);
    cx.diags.append(&mut found);
}

/// `thread` of a `bind` line that names only threads or groups which do not run.
fn missing_threads(cx: &Context<'_>, named: &str, bind: &Bind) -> Option<Diagnostic> {
    if bind.threads.is_empty() {
        return None;
    }
    let global = &cx.global;
    let threads = global.nbthread.or(global.nbproc).unwrap_or_else(|| {
        std::thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(1))
    });
    let groups = global.thread_groups.unwrap_or(1).max(1);
    let size = threads.div_ceil(groups);
    let place = format!("'bind {}' at [{}].", bind.written, cx.place(bind.span));
    let group = bind
        .threads
        .iter()
        .filter_map(|t| t.group)
        .find(|g| *g > groups);
    let text = if let Some(group) = group {
        format!(
            "{named}: 'thread' directive references non-existing thread group {group} in {place}"
        )
    } else if !(1..=threads).any(|n| bind.threads.iter().any(|t| t.holds(n, size))) {
        format!("{named}: 'thread' directive only references non-existing threads in {place}")
    } else {
        return None;
    };
    Some(plain(Diagnostic::alert("HX0323", bind.span, text)))
}

/// What HAProxy says about HTTP rules and settings of a proxy in another mode.
fn needs_http(draft: &Draft<'_>, warn: &mut impl FnMut(&'static str, Span, String)) {
    let proxy = &draft.proxy;
    let named = draft.named();
    let head = proxy.span;
    if proxy
        .settings
        .options
        .contains(Options::HTTP_BUFFER_REQUEST)
    {
        let text =
            format!("'option http-buffer-request' ignored for {named} as it requires HTTP mode.");
        warn("HX0306", head, text);
    }
    if proxy.settings.monitor_uri.is_some() && proxy.frontend {
        let text = format!("'monitor-uri' statement ignored for {named} as it requires HTTP mode.");
        warn("HX0306", head, text);
    }
    if proxy.settings.stats.is_some() {
        let text = format!("'stats' statement ignored for {named} as it requires HTTP mode.");
        warn("HX0306", head, text);
    }
    if proxy.captures.cookie.is_some() {
        let text = format!("'capture' statement ignored for {named} as it requires HTTP mode.");
        warn("HX0306", head, text);
    }
    let rules = &proxy.rules;
    for (list, name) in [
        (&rules.http_request, "http-request"),
        (&rules.http_response, "http-response"),
        (&rules.http_after_response, "http-after-response"),
        (&proxy.redirects, "redirect"),
    ] {
        // those of a `defaults` section are passed over in silence
        let own = |span: Span| span.file == head.file && span.line > head.line;
        if let Some(first) = list.iter().find(|rule| own(rule.span)) {
            let text = format!("'{name}' rules ignored for {named} as they require HTTP mode.");
            warn("HX0306", first.span, text);
        }
    }
    if draft.kind != Sections::FRONTEND && proxy.settings.balance.needs_http() {
        let text = format!(
            "Layer 7 hash not possible for {named} (needs 'mode http'). Falling back to round robin."
        );
        warn("HX0306", head, text);
    }
}
