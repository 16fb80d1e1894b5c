# agent.sh: what runs the command of --run in the guest, by any POSIX shell (busybox, dash, bash). vmrun puts five
# definitions before this text and gives both to the guest through the console port vmrun.agent; run_agent.c has them:
#
#   vmrun_kind         script, or program: its file is executed itself
#   vmrun_name         what its file is called
#   vmrun_folder       the working folder, or nothing
#   vmrun_environment  exports what --env says
#   vmrun_command      becomes the command, whose file is $vmrun_file
#
# The command has FIFOs, not the ports themselves: a port can be opened once only, and programs open /dev/stdin and
# /dev/stderr again. One cat each moves the bytes.

# A line to vmrun: "wait TEXT", "begin", "failed TEXT" or "exit STATUS".
vmrun_tell()
{
	printf '%s\n' "$*" >&8
}

vmrun_off()
{
	# All output is vmrun's by now, and not in a queue of the guest's that ends with it.
	read -r vmrun_answer <&8
	if [ -d /run/systemd/system ]; then
		systemctl --no-block poweroff
		sleep 100
	elif [ $$ != 1 ]; then
		poweroff
		sleep 10
	fi
	sync
	mount -o remount,ro / 2>/dev/null
	echo 0 2>/dev/null >/proc/sys/kernel/printk # "Power down" has level 0, and is no news to the user
	poweroff -f 2>/dev/null || busybox poweroff -f 2>/dev/null || echo o >/proc/sysrq-trigger
	sleep 1000
	exit
}

vmrun_fail()
{
	vmrun_tell "failed $*"
	vmrun_off
}

# Processes that the command left behind keep its output open: they are ended, and the output with them.
vmrun_end_others()
{
	for vmrun_signal in TERM KILL; do
		sleep 1
		ls -l /proc/[0-9]*/fd 2>/dev/null | while read -r vmrun_line; do
			case $vmrun_line in
			/proc/*/fd:)
				vmrun_pid=${vmrun_line#/proc/}
				vmrun_pid=${vmrun_pid%%/*}
				;;
			*" -> $vmrun_dir/1" | *" -> $vmrun_dir/2")
				case $vmrun_pid in "$1" | "$2") ;; *) kill -$vmrun_signal "$vmrun_pid" 2>/dev/null ;; esac
				;;
			esac
		done
	done
}

vmrun_main()
{
	: "${PATH:=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}" "${HOME:=/root}"
	export PATH HOME
	for vmrun_port in /sys/class/virtio-ports/*; do
		vmrun_is=''
		[ ! -e "$vmrun_port/name" ] || read -r vmrun_is <"$vmrun_port/name"
		case $vmrun_is in
		vmrun.script) vmrun_script=/dev/${vmrun_port##*/} ;;
		vmrun.stdin) vmrun_stdin=/dev/${vmrun_port##*/} ;;
		vmrun.stdout) vmrun_stdout=/dev/${vmrun_port##*/} ;;
		vmrun.stderr) vmrun_stderr=/dev/${vmrun_port##*/} ;;
		vmrun.control) vmrun_control=/dev/${vmrun_port##*/} ;;
		esac
	done
	exec 8<>"$vmrun_control"
	if [ -d /run/systemd/system ]; then
		vmrun_tell wait multi-user.target
		systemctl start multi-user.target
	fi
	vmrun_dirs='/run /dev/shm /tmp /dev'
	[ "$vmrun_kind" != program ] || vmrun_dirs='/dev/shm /tmp /run /dev' # /run may be mounted noexec
	for vmrun_dir in $vmrun_dirs ''; do
		[ -n "$vmrun_dir" ] || vmrun_fail "no folder can be made in $vmrun_dirs"
		vmrun_dir=$vmrun_dir/vmrun.$$
		! mkdir "$vmrun_dir" 2>/dev/null || break
	done
	chmod 711 "$vmrun_dir"
	vmrun_file=$vmrun_dir/run/$vmrun_name
	mkdir "$vmrun_dir/run" && cat <"$vmrun_script" >"$vmrun_file" || vmrun_fail "the command can't be written to $vmrun_dir"
	chmod 755 "$vmrun_file"
	mkfifo "$vmrun_dir/0" "$vmrun_dir/1" "$vmrun_dir/2" || vmrun_fail "mkfifo fails in $vmrun_dir"
	if [ -n "$vmrun_folder" ]; then
		cd "$vmrun_folder" || vmrun_fail "--cwd: the guest has no folder '$vmrun_folder' that can be entered"
	else
		cd "$HOME" 2>/dev/null || cd /
	fi
	cat <"$vmrun_stdin" >"$vmrun_dir/0" 2>/dev/null 8>&- &
	vmrun_in=$!
	cat <"$vmrun_dir/1" >"$vmrun_stdout" 8>&- &
	vmrun_out=$!
	cat <"$vmrun_dir/2" >"$vmrun_stderr" 8>&- &
	vmrun_err=$!
	vmrun_tell begin
	(
		exec 8>&-
		vmrun_environment
		vmrun_command
	) <"$vmrun_dir/0" >"$vmrun_dir/1" 2>"$vmrun_dir/2"
	vmrun_status=$?
	kill "$vmrun_in" 2>/dev/null
	vmrun_end_others "$vmrun_out" "$vmrun_err" 8>&- </dev/null &
	vmrun_others=$!
	wait "$vmrun_out"
	wait "$vmrun_err"
	kill "$vmrun_others" 2>/dev/null
	rm -rf "$vmrun_dir"
	vmrun_tell "exit $vmrun_status"
	vmrun_off
}

vmrun_main
