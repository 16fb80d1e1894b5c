# SPDX-License-Identifier: MIT
# apt_state.sh: apt with a state of its own, so that the host's package set is not touched; sourced, not run.
#
# The caller has the functions say and die (common.sh), sets A to the state's folder, and calls apt_folder, writes
# $A/sources.list and $A/state/status, and calls apt_conf. Then `apt-get -c "$CONF"` works on that state. DEBIAN_MIRROR
# and DEBIAN_KEYRING name another mirror and another key file than the host's.
CONF=$A/apt.conf
KEYRING=${DEBIAN_KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg}

# apt_mirror SUITE: the host's Debian mirror, from apt itself, which reads both formats of its source lists.
apt_mirror()
{
	if [ -n "${DEBIAN_MIRROR:-}" ]; then
		echo "$DEBIAN_MIRROR"
		return
	fi
	m=$(apt-get indextargets --format '$(ORIGIN)|$(COMPONENT)|$(RELEASE)|$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
		awk -F'|' -v s="$1" '
			$1 != "Debian" && $1 !~ /^\$/ { next }
			$2 != "main" || $3 ~ /-(security|updates|backports)$/ || $4 !~ /\/debian\/?$/ { next }
			{ if ($3 == s) { print $4; found = 1; exit } if (other == "") other = $4 }
			END { if (!found && other != "") print other }')
	[ -n "$m" ] || die "apt's source lists name no Debian mirror: give one with DEBIAN_MIRROR=URL"
	echo "$m"
}

apt_folder()
{
	[ -f "$KEYRING" ] || die "$KEYRING is missing: install the package debian-archive-keyring, or name the file in DEBIAN_KEYRING"
	mkdir -p "$A/state/lists/partial" "$A/cache/archives/partial"
}

# apt_conf [ARCH]: for packages of another architecture than the host's. The file is read after the host's own
# configuration (proxies and the like stay), so the host's hooks are cleared in it.
apt_conf()
{
	{
		cat <<-END
			#clear APT::Update::Pre-Invoke;
			#clear APT::Update::Post-Invoke;
			#clear APT::Update::Post-Invoke-Success;
		END
		[ $# = 0 ] || cat <<-END
			#clear APT::Architectures;
			APT::Architecture "$1";
			APT::Architectures:: "$1";
		END
		cat <<-END
			APT::Install-Recommends "false";
			APT::Install-Suggests "false";
			APT::Sandbox::User "";
			Acquire::Languages "none";
			Acquire::Retries "3";
			Dir::Etc::SourceList "$A/sources.list";
			Dir::Etc::SourceParts "/dev/null";
			Dir::Etc::Preferences "/dev/null";
			Dir::Etc::PreferencesParts "/dev/null";
			Dir::State "$A/state";
			Dir::State::status "$A/state/status";
			Dir::State::lists "$A/state/lists";
			Dir::Cache "$A/cache";
			Dir::Cache::archives "$A/cache/archives";
			Dir::Cache::pkgcache "pkgcache.bin";
			Dir::Cache::srcpkgcache "srcpkgcache.bin";
			Dir::Log "$A";
		END
	} >"$CONF.$$"
	mv "$CONF.$$" "$CONF"
}

# apt_failed TEXT: what apt said, and the end.
apt_failed()
{
	sed 's/^/  apt: /' "$A/log" >&2
	die "$1"
}

# apt_update WHAT: reads the index of the suites that WHAT names for people.
apt_update()
{
	say "reading the package index ($1)" >&2
	apt-get -c "$CONF" -qq --error-on=any update >"$A/log" 2>&1 || {
		rm -f "$A/sources.list"
		apt_failed "the package index could not be read: is there a network, and is the mirror right (DEBIAN_MIRROR=URL)?"
	}
	touch "$A/updated"
}
