//! What stands at the end of each page.

/// The end of a page.
pub(super) struct Page {
    /// The words of the command, without `ktel`.
    pub(super) command: &'static str,
    pub(super) examples: &'static [&'static str],
    pub(super) variables: &'static [&'static str],
    /// Exit codes beside 0.
    pub(super) codes: &'static [(u8, &'static str)],
}

const USAGE: &str = "something that you can correct: arguments, input, kubeconfig, credentials";
const JOBS: &str = "some jobs failed; the report was printed and sent without them";
const ERRORS: &str = "the check found errors";
const NOT_DELIVERED: &str = "a server did not get everything";
const SIGNAL: &str = "a signal ended the command";

/// The variables that commands read. `environment.md` explains them at length.
pub(super) const VARIABLES: &[(&str, &str)] = &[
    ("DO_NOT_TRACK", "1: turn off the telemetry of every program"),
    ("KTEL_NO_TELEMETRY", "1: turn off the telemetry of every program that uses ktel"),
    (
        "PRODUCT_NO_TELEMETRY",
        "1: turn off the telemetry of this product, such as ACME_NO_TELEMETRY",
    ),
    ("PRODUCT_PROFILE", "the profile of the product's configuration"),
    ("KTEL_TOKEN", "the token for https and OTLP report servers"),
    ("KTEL_SPLUNK_TOKEN", "the token for Splunk report servers"),
    ("KTEL_SECRET_NAME_KEY", "the key KEY of the Secret NAME, such as KTEL_SECRET_GRAFANA_TOKEN"),
    ("KTEL_STORE", "the default of `--store`"),
    ("KTEL_LISTEN", "the default of `ktel serve --listen`"),
    ("KTEL_DEBUG", "1: `ktel events emit` says what is wrong"),
    ("KTEL_LOG", "what is logged, such as ktel=debug"),
    ("KUBECONFIG", "the kubeconfig file"),
    ("HTTPS_PROXY", "the proxy for report servers; also HTTP_PROXY and NO_PROXY"),
    ("XDG_CONFIG_HOME", "the directory of preferences [default: ~/.config]"),
    ("XDG_STATE_HOME", "the directory of what waits [default: ~/.local/state]"),
    ("NO_COLOR", "any value: no colours"),
];

/// The end of the page of a command that is not listed.
pub(super) const PLAIN: Page =
    Page { command: "", examples: &[], variables: &[], codes: &[(2, USAGE)] };

/// One page for each command that does something.
pub(super) const PAGES: &[Page] = &[
    Page {
        command: "workflows run",
        examples: &[
            "workflows run --jobs identify-platform,cluster-state",
            "workflows run --workflow all --report-server https://telemetry.example.com/v1/reports",
            "workflows run --workflow all --snapshot cluster.yaml --dry-run --server otlp://example.com",
        ],
        variables: &[
            "KTEL_TOKEN",
            "KTEL_SPLUNK_TOKEN",
            "KUBECONFIG",
            "HTTPS_PROXY",
            "XDG_STATE_HOME",
            "KTEL_LOG",
        ],
        codes: &[(1, JOBS), (2, USAGE), (3, NOT_DELIVERED), (130, SIGNAL)],
    },
    Page {
        command: "workflows list",
        examples: &["workflows list --output json"],
        variables: &[],
        codes: &[(2, USAGE)],
    },
    Page {
        command: "jobs list",
        examples: &["jobs list", "jobs list --output yaml"],
        variables: &[],
        codes: &[(2, USAGE)],
    },
    Page {
        command: "jobs describe",
        examples: &["jobs describe cluster-state", "jobs describe queue-usage.yaml --output json"],
        variables: &[],
        codes: &[(2, USAGE)],
    },
    Page {
        command: "jobs rbac",
        examples: &["jobs rbac --jobs cluster-state,mesh-detect | kubectl apply -f -"],
        variables: &[],
        codes: &[(2, USAGE)],
    },
    Page {
        command: "schema lint",
        examples: &["schema lint queue-usage.yaml", "schema lint telemetry --output github"],
        variables: &[],
        codes: &[(1, ERRORS), (2, USAGE)],
    },
    Page {
        command: "schema list",
        examples: &["schema list"],
        variables: &[],
        codes: &[(2, USAGE)],
    },
    Page {
        command: "schema show",
        examples: &["schema show cluster-state"],
        variables: &[],
        codes: &[(2, USAGE)],
    },
    Page {
        command: "schema json",
        examples: &["schema json cluster-state > cluster-state.json"],
        variables: &[],
        codes: &[(2, USAGE)],
    },
    Page {
        command: "schema editor",
        examples: &["schema editor product > product.schema.json"],
        variables: &[],
        codes: &[(2, USAGE)],
    },
    Page {
        command: "schema diff",
        examples: &["schema diff old.yaml new.yaml --fail-on widened"],
        variables: &[],
        codes: &[(1, ERRORS), (2, USAGE)],
    },
    Page {
        command: "outbox list",
        examples: &["outbox list"],
        variables: &["XDG_STATE_HOME"],
        codes: &[(2, USAGE)],
    },
    Page {
        command: "outbox show",
        examples: &["outbox show 1-1"],
        variables: &["XDG_STATE_HOME"],
        codes: &[(2, USAGE)],
    },
    Page {
        command: "outbox flush",
        examples: &["outbox flush --send-timeout 2m"],
        variables: &["KTEL_TOKEN", "KTEL_SPLUNK_TOKEN", "HTTPS_PROXY", "XDG_STATE_HOME"],
        codes: &[(2, USAGE), (3, NOT_DELIVERED)],
    },
    Page {
        command: "outbox drop",
        examples: &["outbox drop 1-1", "outbox drop --all"],
        variables: &["XDG_STATE_HOME"],
        codes: &[(2, USAGE)],
    },
    Page {
        command: "bundle export",
        examples: &["bundle export reports.bundle"],
        variables: &["XDG_STATE_HOME"],
        codes: &[(2, USAGE)],
    },
    Page {
        command: "bundle import",
        examples: &[
            "bundle import reports.bundle --report-server https://telemetry.example.com/v1/reports",
        ],
        variables: &["XDG_STATE_HOME"],
        codes: &[(2, USAGE)],
    },
    Page {
        command: "events emit",
        examples: &[
            "events emit --product acme --version 1.2.3 --command plan --outcome success --duration 3s",
        ],
        variables: &[
            "DO_NOT_TRACK",
            "KTEL_NO_TELEMETRY",
            "PRODUCT_NO_TELEMETRY",
            "PRODUCT_PROFILE",
            "KTEL_DEBUG",
            "XDG_STATE_HOME",
        ],
        codes: &[(2, USAGE)],
    },
    Page {
        command: "events upload",
        examples: &["events upload --product acme"],
        variables: &["DO_NOT_TRACK", "KTEL_NO_TELEMETRY", "HTTPS_PROXY", "XDG_STATE_HOME"],
        codes: &[(2, USAGE), (3, NOT_DELIVERED)],
    },
    Page {
        command: "events check",
        examples: &["events check --product acme.yaml"],
        variables: &["HTTPS_PROXY"],
        codes: &[(2, USAGE), (3, NOT_DELIVERED)],
    },
    Page {
        command: "telemetry list",
        examples: &["telemetry list", "telemetry list --output json"],
        variables: &["XDG_CONFIG_HOME", "XDG_STATE_HOME"],
        codes: &[(2, USAGE)],
    },
    Page {
        command: "telemetry status",
        examples: &["telemetry status --product acme", "telemetry status --output json"],
        variables: &[
            "DO_NOT_TRACK",
            "KTEL_NO_TELEMETRY",
            "PRODUCT_NO_TELEMETRY",
            "PRODUCT_PROFILE",
        ],
        codes: &[(2, USAGE)],
    },
    Page {
        command: "telemetry show",
        examples: &["telemetry show --product acme", "telemetry show --product acme --open"],
        variables: &["XDG_STATE_HOME"],
        codes: &[(2, USAGE)],
    },
    Page {
        command: "telemetry preview",
        examples: &["telemetry preview --product acme"],
        variables: &[],
        codes: &[(2, USAGE)],
    },
    Page {
        command: "telemetry log",
        examples: &["telemetry log --product acme"],
        variables: &["XDG_STATE_HOME"],
        codes: &[(2, USAGE)],
    },
    Page {
        command: "telemetry explain",
        examples: &["telemetry explain --product acme command_path"],
        variables: &[],
        codes: &[(2, USAGE)],
    },
    Page {
        command: "telemetry on",
        examples: &["telemetry on --product acme"],
        variables: &["XDG_CONFIG_HOME"],
        codes: &[(2, USAGE)],
    },
    Page {
        command: "telemetry off",
        examples: &["telemetry off --product acme", "telemetry off --all"],
        variables: &["XDG_CONFIG_HOME"],
        codes: &[(2, USAGE)],
    },
    Page {
        command: "telemetry forget",
        examples: &["telemetry forget --product acme"],
        variables: &["XDG_CONFIG_HOME", "XDG_STATE_HOME"],
        codes: &[(2, USAGE)],
    },
    Page {
        command: "telemetry verify",
        examples: &[
            "telemetry verify answer.json --report report.json --server https://telemetry.example.com",
        ],
        variables: &["HTTPS_PROXY"],
        codes: &[(2, USAGE)],
    },
    Page {
        command: "exporter run",
        examples: &["exporter run --config settings.yaml --listen 0.0.0.0:8093"],
        variables: &["KUBECONFIG", "KTEL_LOG"],
        codes: &[(2, USAGE), (130, SIGNAL)],
    },
    Page {
        command: "exporter local",
        examples: &[
            "exporter local exporter.yaml --config settings.yaml --listen 127.0.0.1:8093",
            "exporter local exporter.yaml --config settings.yaml --secret grafana-api-key=/run/secrets/grafana",
        ],
        variables: &["KTEL_SECRET_NAME_KEY", "XDG_STATE_HOME", "KTEL_LOG"],
        codes: &[(2, "the file, the settings or the directory of the cursors are wrong")],
    },
    Page {
        command: "exporter preview",
        examples: &[
            "exporter preview gateway.yaml --config settings.yaml",
            "exporter preview gateway.yaml --config settings.yaml --over 1h --output json",
        ],
        variables: &["KTEL_LOG"],
        codes: &[
            (1, "a source cannot be read; the others are shown"),
            (2, "the file or the settings are wrong"),
        ],
    },
    Page {
        command: "exporter test",
        examples: &[
            "exporter test gateway.yaml --sink grafana --config settings.yaml --secret grafana-api-key=/run/secrets/grafana",
        ],
        variables: &["KTEL_SECRET_NAME_KEY", "KTEL_LOG"],
        codes: &[
            (2, "the file, the settings or a Secret are wrong"),
            (3, "the receiver does not have the data point"),
        ],
    },
    Page {
        command: "exporter crd",
        examples: &["exporter crd | kubectl apply -f -"],
        variables: &[],
        codes: &[(2, USAGE)],
    },
    Page {
        command: "exporter rbac",
        examples: &["exporter rbac --namespace ktel-system | kubectl apply -f -"],
        variables: &[],
        codes: &[(2, USAGE)],
    },
    Page {
        command: "exporter validate",
        examples: &[
            "exporter validate gateway.yaml",
            "exporter validate gateway.yaml --config settings.yaml --namespace-label example.com/project=project-1",
        ],
        variables: &[],
        codes: &[(2, "at least one error; warnings alone end with 0")],
    },
    Page {
        command: "metricsql check",
        examples: &["metricsql check up --label tenant=me --store victoria-metrics:1.145"],
        variables: &[],
        codes: &[(2, "a query has an error, or cannot be sent")],
    },
    Page {
        command: "serve",
        examples: &["serve", "serve --listen 0.0.0.0:8090 --product acme.yaml --public"],
        variables: &["KTEL_LISTEN", "KTEL_STORE", "KTEL_LOG"],
        codes: &[(2, USAGE), (130, SIGNAL)],
    },
    Page {
        command: "query",
        examples: &["query --tables", "query --output csv --rows ktel_cluster_state_v1"],
        variables: &["KTEL_STORE"],
        codes: &[(2, USAGE)],
    },
    Page {
        command: "token add",
        examples: &["token add --role events --product acme"],
        variables: &["KTEL_STORE"],
        codes: &[(2, USAGE)],
    },
    Page {
        command: "token list",
        examples: &["token list"],
        variables: &["KTEL_STORE"],
        codes: &[(2, USAGE)],
    },
    Page {
        command: "token revoke",
        examples: &["token revoke 3f0c"],
        variables: &["KTEL_STORE"],
        codes: &[(2, USAGE)],
    },
    Page {
        command: "agent run",
        examples: &[
            "agent run --config agent.yaml --preview",
            "agent run --config agent.yaml --listen 0.0.0.0:8092",
        ],
        variables: &[
            "DO_NOT_TRACK",
            "KTEL_NO_TELEMETRY",
            "PRODUCT_NO_TELEMETRY",
            "KTEL_TOKEN",
            "KTEL_SPLUNK_TOKEN",
            "KUBECONFIG",
            "HTTPS_PROXY",
            "KTEL_LOG",
        ],
        codes: &[(2, USAGE), (130, SIGNAL)],
    },
    Page {
        command: "agent rbac",
        examples: &["agent rbac --config agent.yaml | kubectl apply -f -"],
        variables: &[],
        codes: &[(2, USAGE)],
    },
    Page {
        command: "agents",
        examples: &["agents", "agents --namespace acme-system --output json"],
        variables: &["KUBECONFIG"],
        codes: &[(2, USAGE)],
    },
    Page {
        command: "demo",
        examples: &["demo", "demo --stay"],
        variables: &[],
        codes: &[(2, USAGE), (130, SIGNAL)],
    },
    Page {
        command: "init product",
        examples: &["init product acme --commands get,plan"],
        variables: &[],
        codes: &[(2, USAGE)],
    },
    Page {
        command: "init agent",
        examples: &[
            "init agent acme --crd lamps.acme.example",
            "init agent acme --crd lamps.crd.yaml --dir telemetry",
        ],
        variables: &["KUBECONFIG"],
        codes: &[(2, USAGE)],
    },
    Page {
        command: "init job",
        examples: &["init job lamp-usage --crd lamps.acme.example"],
        variables: &["KUBECONFIG"],
        codes: &[(2, USAGE)],
    },
    Page {
        command: "version",
        examples: &["version", "version --output json"],
        variables: &[],
        codes: &[(2, USAGE)],
    },
    Page {
        command: "completions",
        examples: &["completions bash"],
        variables: &[],
        codes: &[(2, USAGE)],
    },
    Page { command: "man", examples: &["man --dir man1"], variables: &[], codes: &[(2, USAGE)] },
];
