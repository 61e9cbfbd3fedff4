# Runs one PostgreSQL server and ends it when the owner is gone, by whatever means it went: standard input is a pipe whose
# writing end only the owner holds, so reading it returns when the owner closes it, exits, crashes or is killed.
#
#   $1 folder of the socket, removed at the end      $2 temporary data folder, removed at the end; empty: keep the data
#   $3... the server's command line                  descriptor 3: the lock on the data folder, for the server to hold
sockets=$1 temporary=$2
shift 2
exec 4<&0

"$@" </dev/null 4<&- &
server=$!

# SIGINT is a fast shutdown. It is repeated, because a server that has only just been forked does not hear it yet; after
# half a minute SIGQUIT (no checkpoint, recovery at the next start) ends what hangs, and after a minute SIGKILL the rest.
(
    exec 3<&-
    read -r _ <&4
    trap 'kill "$nap"; wait "$nap"; exit' TERM # not before: some shells don't interrupt read for a trapped signal
    tries=0
    while kill -INT "$server"; do
        tries=$((tries + 1))
        [ "$tries" -le 30 ] || kill -QUIT "$server"
        [ "$tries" -le 60 ] || kill -KILL "$server"
        sleep 1 &
        nap=$!
        wait "$nap"
    done
) 2>/dev/null &
watch=$!

trap 'kill -INT "$server"' INT TERM HUP
wait "$server"
status=$?
# A trapped signal ends wait before the server has ended.
while kill -0 "$server" 2>/dev/null; do
    wait "$server"
    status=$?
done
kill "$watch" 2>/dev/null
wait "$watch" 2>/dev/null
rm -rf "$sockets"
[ -z "$temporary" ] || rm -rf "$temporary"
exit "$status"
