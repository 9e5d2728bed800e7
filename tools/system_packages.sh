#!/usr/bin/env bash
# What some tests use besides Python: a browser, Chinese fonts, GDAL's programs, PostGIS, LibreOffice, in CI also QGIS. Installed through
# apt-get where that is possible without asking; otherwise this says what is missing, and the tests that need it skip. Never fails.
# CI=true (as CI sets it) or GRIDCIRCLE_QGIS=1 wants QGIS (1 GB on disk). GRIDCIRCLE_NO_APT=1 installs nothing.
set -u

say() { echo "system: $*" >&2; }

has_browser() {
    local name
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        command -v "$name" >/dev/null 2>&1 && return 0
    done
    [ -d "/Applications/Google Chrome.app" ] || [ -d "/Applications/Chromium.app" ]
}

has_chinese_font() {
    [ "$(uname -s)" = Darwin ] && return 0
    [ -e /usr/share/doc/fonts-noto-cjk ] && return 0
    command -v fc-list >/dev/null 2>&1 && [ -n "$(fc-list :lang=zh family 2>/dev/null | head -n 1)" ]
}

has_postgis() {
    ls /usr/share/postgresql/*/extension/postgis.control >/dev/null 2>&1 && return 0
    command -v pg_config >/dev/null 2>&1 && [ -e "$(pg_config --sharedir)/extension/postgis.control" ]
}

missing=()
has_browser || missing+=(chromium)
has_chinese_font || missing+=(fonts-noto-cjk)
command -v ogrinfo >/dev/null 2>&1 || missing+=(gdal-bin)
has_postgis || missing+=(postgresql-postgis)
command -v soffice >/dev/null 2>&1 || missing+=(libreoffice-calc-nogui)
if [ -n "${CI:-}${GRIDCIRCLE_QGIS:-}" ] && ! /usr/bin/python3 -c "import qgis.core" >/dev/null 2>&1; then
    missing+=(python3-qgis qgis-providers)
fi
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
can_install=no
if [ -z "${GRIDCIRCLE_NO_APT:-}" ] && command -v apt-get >/dev/null 2>&1; then
    if [ "$(id -u)" -eq 0 ]; then
        can_install=yes
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        can_install=yes
        as_root=(sudo -n)
    fi
fi

if [ "$can_install" = yes ]; then
    say "installing ${missing[*]} with apt-get"
    apt() {
        ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive apt-get \
            -qq -o Acquire::Retries=1 -o Acquire::http::Timeout=30 -o DPkg::Lock::Timeout=60 \
            "$@" </dev/null >/dev/null 2>&1
    }
    apt install -y --no-install-recommends "${missing[@]}" && exit 0
    apt update
    apt install -y --no-install-recommends "${missing[@]}" && exit 0
    say "apt-get could not install them"
fi
say "missing: ${missing[*]}; the tests that need them will skip"
exit 0
