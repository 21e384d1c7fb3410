exec 3>&1 4>&2 </dev/null 2>/dev/null
trap : HUP INT QUIT TERM
umask 022
ulimit -c 0
if ! [ -f "$2" ] || ! [ -r "$2" ]; then printf '%s no-entrypoint\n' "$1"; exit 0; fi
for tool in env python3 stat base64 sleep; do
  command -v "$tool" >/dev/null || { printf '%s no-%s\n' "$1" "$tool"; exit 0; }
done
last=0
while [ "$last" -lt 20 ]; do : & last=$!; wait "$last"; done
printf '%s begin\n' "$1" >&4
printf '%s begin\n' "$1"

said=$(exec 2>&1
  (exec >&3 2>&4 3>&- 4>&-
   exec env -i "DATA_FABRICATION_SEED=$DATA_FABRICATION_SEED" "DATA_FABRICATION_OUTPUT=$DATA_FABRICATION_OUTPUT" \
     "PYTHONUNBUFFERED=$PYTHONUNBUFFERED" "PYTHONHASHSEED=$PYTHONHASHSEED" "PATH=$PATH" "HOME=$HOME" "LANG=$LANG" \
     "TZ=$TZ" "PYTHONDONTWRITEBYTECODE=$PYTHONDONTWRITEBYTECODE" python3 -I -S -B -c "$4" "$1" "$5" "$6" "$7" "$2")
  echo "$?")
kill -9 -1
left=500
while kill -0 -1 && [ "$left" -gt 0 ]; do left=$((left - 1)); sleep 0.01; done
if [ "$left" -eq 0 ] && kill -0 -1; then printf '\n%s alive\n' "$1"; exit 0; fi

code=${said##*[!0-9]}
by=exit
# The harness could write here too: whatever is no exit code came from it.
case $code in ????*) code= ;; esac
if [ "${code:-0}" -gt 255 ]; then code=; fi
if [ -z "$code" ]; then code=137 by=signal
elif [ "$code" != "$said" ]; then by=signal
elif [ "$code" -gt 128 ]; then
  case $code in
    130 | 141) by=signal ;;
    *) [ -n "$(exec 2>&1; (exec sh -c 'kill -9 $$'); :)" ] || by=either ;;
  esac
fi

oom= cpu= peak= size= links=
cgroup=/sys/fs/cgroup
for file in $cgroup/memory/memory.oom_control $cgroup/memory.events; do
  [ -r "$file" ] && while read -r key value; do [ "$key" = oom_kill ] && oom=$value; done <"$file"
done
for file in $cgroup/memory/memory.max_usage_in_bytes $cgroup/memory.peak; do [ -r "$file" ] && read -r peak <"$file"; done
[ -r $cgroup/cpuacct/cpuacct.usage ] && read -r cpu <$cgroup/cpuacct/cpuacct.usage && cpu=$((cpu / 1000))
[ -r $cgroup/cpu.stat ] && while read -r key value; do [ "$key" = usage_usec ] && cpu=$value; done <$cgroup/cpu.stat

file=$DATA_FABRICATION_OUTPUT
# Its mode is no secret of its owner's.
if [ -f "$file" ] && ! [ -L "$file" ] && ! [ -r "$file" ]; then chmod 600 "$file"; fi
if [ -L "$file" ]; then kind=link
elif ! [ -e "$file" ]; then kind=none
elif [ -d "$file" ]; then kind=folder
elif [ -p "$file" ]; then kind=fifo
elif [ -S "$file" ]; then kind=socket
elif [ -b "$file" ] || [ -c "$file" ]; then kind=device
elif ! [ -f "$file" ]; then kind=other
elif ! [ -r "$file" ]; then kind=unreadable
else kind=file; size=$(stat -c '%h %s' "$file"); links=${size% *} size=${size#* }
fi
printf '%s report code=%s by=%s oom=%s cpu=%s peak=%s kind=%s links=%s size=%s\n' \
  "$1" "$code" "$by" "$oom" "$cpu" "$peak" "$kind" "$links" "$size"
if [ "$kind" = file ] && [ "$links" = 1 ] && [ "$size" -le "$3" ]; then base64 -w 0 <"$file"; fi
printf '\n%s end\n' "$1"
printf '%s end\n' "$1" >&4
exit "$code"
