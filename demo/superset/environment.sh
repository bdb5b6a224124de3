# Sourced by up.sh and down.sh: where one Superset keeps its things. Expects $dir, an absolute folder.
# A Unix socket's path is short (107 bytes): in a deep folder Redis listens in a private one under /tmp instead.
socket_folder=$dir
if [ ${#dir} -gt 90 ]; then
  [ -d "$(cat "$dir/socket-folder" 2>/dev/null)" ] || mktemp -d /tmp/freshet-redis.XXXXXX >"$dir/socket-folder"
  socket_folder=$(cat "$dir/socket-folder")
fi
redis_socket=$socket_folder/redis.sock
export SUPERSET_HOME=$dir FRESHET_REDIS=unix://$redis_socket SUPERSET_CONFIG_PATH=$here/superset_config.py
# Ranges such as "now" are this process's local time, and Freshet's sessions are in UTC.
export TZ=UTC PYTHONUNBUFFERED=1 FLASK_APP="superset.app:create_app()"
