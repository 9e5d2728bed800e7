-- The tables of a workspace beside those that GeoPackage itself asks for. All are "attributes"
-- tables with an integer key; feature tables (grids, units, sites) are made by CRS as needed.
CREATE TABLE store (
    fid INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    value TEXT NOT NULL
);
CREATE TABLE revision (
    revision INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL
);
CREATE TABLE version (
    fid INTEGER PRIMARY KEY,
    version_id TEXT NOT NULL UNIQUE,
    project_id TEXT NOT NULL,
    title TEXT NOT NULL,
    name TEXT NOT NULL,
    source_sha256 TEXT NOT NULL,
    crs TEXT NOT NULL,
    created_at TEXT NOT NULL,
    supersedes TEXT,
    revision INTEGER NOT NULL
);
CREATE INDEX version_of_project ON version (project_id, fid);
CREATE TABLE audit_run (
    run_id INTEGER PRIMARY KEY,
    version_id TEXT NOT NULL UNIQUE,
    parameters TEXT NOT NULL,
    code_version TEXT NOT NULL,
    state TEXT NOT NULL,
    started_at TEXT NOT NULL,
    finished_at TEXT NOT NULL
);
CREATE TABLE finding (
    fid INTEGER PRIMARY KEY,
    finding_key TEXT NOT NULL UNIQUE,
    project_id TEXT NOT NULL,
    finding_id TEXT NOT NULL,
    rule TEXT NOT NULL,
    severity TEXT NOT NULL,
    layer TEXT,
    tier TEXT,
    model TEXT,
    category TEXT,
    grid_ids TEXT NOT NULL,
    unit_ids TEXT NOT NULL,
    site_ids TEXT NOT NULL,
    measure REAL,
    measure_unit TEXT,
    residents REAL,
    households REAL,
    message_zh TEXT,
    message_en TEXT,
    street TEXT NOT NULL,
    community TEXT NOT NULL,
    grids TEXT NOT NULL,
    minx REAL,
    miny REAL,
    maxx REAL,
    maxy REAL,
    first_run INTEGER NOT NULL,
    last_run INTEGER NOT NULL,
    status TEXT NOT NULL,
    duty_unit TEXT NOT NULL DEFAULT '',
    duty_person TEXT NOT NULL DEFAULT '',
    deadline TEXT NOT NULL DEFAULT '',
    progress TEXT NOT NULL DEFAULT '',
    closed TEXT NOT NULL DEFAULT ''
);
CREATE INDEX finding_of_project ON finding (project_id, status);
CREATE TABLE finding_event (
    event_id INTEGER PRIMARY KEY,
    finding_key TEXT NOT NULL,
    revision INTEGER NOT NULL,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    from_status TEXT,
    to_status TEXT,
    "column" TEXT,
    before TEXT,
    after TEXT,
    note TEXT NOT NULL DEFAULT ''
);
CREATE INDEX event_of_finding ON finding_event (finding_key, event_id);
