"""The settings of Redis 7.0: name, kind and default, as a server says them that was given none.

Names, kinds, ranges and defaults are facts asked of redis-server 7.0.15 with CONFIG GET and CONFIG SET.
There is no network and there are no files here: port, bind, dir and the like are empty.
"""

TABLE = """\
acl-pubsub-default one-of:allchannels|resetchannels resetchannels
aclfile immutable
acllog-max-len int:0:max 128
active-defrag-cycle-max int:1:99 25
active-defrag-cycle-min int:1:99 1
active-defrag-ignore-bytes memory 104857600
active-defrag-max-scan-fields int:1:max 1000
active-defrag-threshold-lower int:0:1000 10
active-defrag-threshold-upper int:0:1000 100
active-expire-effort int:1:10 1
activedefrag bool no
activerehashing bool yes
always-show-logo immutable no
aof-disable-auto-gc bool no
aof-load-truncated bool yes
aof-rewrite-incremental-fsync bool yes
aof-timestamp-enabled bool no
aof-use-rdb-preamble bool yes
aof_rewrite_cpulist immutable
appenddirname immutable appendonlydir
appendfilename immutable appendonly.aof
appendfsync one-of:everysec|always|no everysec
appendonly bool no
auto-aof-rewrite-min-size memory 67108864
auto-aof-rewrite-percentage int:0:int 100
bgsave_cpulist immutable
bind immutable
bind-source-addr string
bio_cpulist immutable
busy-reply-threshold int:0:max 5000
client-output-buffer-limit string normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60
client-query-buffer-limit memory 1073741824
cluster-allow-pubsubshard-when-down bool yes
cluster-allow-reads-when-down bool no
cluster-allow-replica-migration bool yes
cluster-announce-bus-port int:0:65535 0
cluster-announce-hostname string
cluster-announce-ip string
cluster-announce-port int:0:65535 0
cluster-announce-tls-port int:0:65535 0
cluster-config-file immutable nodes.conf
cluster-enabled immutable no
cluster-link-sendbuf-limit memory 0
cluster-migration-barrier int:0:int 1
cluster-node-timeout int:0:max 15000
cluster-port immutable 0
cluster-preferred-endpoint-type one-of:ip|hostname|unknown-endpoint ip
cluster-replica-no-failover bool no
cluster-replica-validity-factor int:0:int 10
cluster-require-full-coverage bool yes
cluster-slave-no-failover bool no
cluster-slave-validity-factor int:0:int 10
crash-log-enabled bool yes
crash-memcheck-enabled bool yes
daemonize immutable no
databases immutable 16
dbfilename immutable dump.rdb
dir immutable
disable-thp immutable yes
dynamic-hz bool yes
enable-debug-command immutable no
enable-module-command immutable no
enable-protected-configs immutable no
hash-max-listpack-entries int:0:max 512
hash-max-listpack-value memory 64
hash-max-ziplist-entries int:0:max 512
hash-max-ziplist-value memory 64
hll-sparse-max-bytes memory 3000
hz int:0:int 10
ignore-warnings string
io-threads immutable 1
io-threads-do-reads immutable no
jemalloc-bg-thread bool yes
latency-monitor-threshold int:0:max 0
latency-tracking bool yes
latency-tracking-info-percentiles string 50 99 99.9
lazyfree-lazy-eviction bool no
lazyfree-lazy-expire bool no
lazyfree-lazy-server-del bool no
lazyfree-lazy-user-del bool no
lazyfree-lazy-user-flush bool no
lfu-decay-time int:0:int 1
lfu-log-factor int:0:int 10
list-compress-depth int:0:int 0
list-max-listpack-size int:min:int -2
list-max-ziplist-size int:min:int -2
logfile immutable
loglevel one-of:debug|verbose|notice|warning notice
lua-time-limit int:0:max 5000
masterauth string
masteruser string
maxclients int:1:4294967295 10000
maxmemory memory 0
maxmemory-clients memory 0
maxmemory-eviction-tenacity memory:0:100 10
maxmemory-policy one-of:volatile-lru|volatile-lfu|volatile-random|volatile-ttl|allkeys-lru|allkeys-lfu|allkeys-random|noeviction noeviction
maxmemory-samples memory:1:int 5
min-replicas-max-lag int:0:int 10
min-replicas-to-write int:0:int 0
min-slaves-max-lag int:0:int 10
min-slaves-to-write int:0:int 0
no-appendfsync-on-rewrite bool no
notify-keyspace-events string
oom-score-adj one-of:no|yes|relative|absolute no
oom-score-adj-values string 0 200 800
pidfile immutable
port int:0:65535 0
proc-title-template string {title} {listen-addr} {server-mode}
propagation-error-behavior one-of:ignore|panic|panic-on-replicas ignore
protected-mode bool yes
proto-max-bulk-len memory 536870912
rdb-del-sync-files bool no
rdb-save-incremental-fsync bool yes
rdbchecksum immutable yes
rdbcompression bool yes
repl-backlog-size memory 1048576
repl-backlog-ttl int:0:max 3600
repl-disable-tcp-nodelay bool no
repl-diskless-load one-of:disabled|on-empty-db|swapdb disabled
repl-diskless-sync bool yes
repl-diskless-sync-delay int:0:int 5
repl-diskless-sync-max-replicas int:0:int 0
repl-ping-replica-period int:1:int 10
repl-ping-slave-period int:1:int 10
repl-timeout int:1:int 60
replica-announce-ip string
replica-announce-port int:0:65535 0
replica-announced bool yes
replica-ignore-disk-write-errors bool no
replica-ignore-maxmemory bool yes
replica-lazy-flush bool no
replica-priority int:0:int 100
replica-read-only bool yes
replica-serve-stale-data bool yes
replicaof immutable
requirepass string
sanitize-dump-payload one-of:no|yes|clients no
save string
server_cpulist immutable
set-max-intset-entries int:0:max 512
set-proc-title immutable yes
shutdown-on-sigint one-of:default|save|nosave|now|force default
shutdown-on-sigterm one-of:default|save|nosave|now|force default
shutdown-timeout int:0:int 10
slave-announce-ip string
slave-announce-port int:0:65535 0
slave-ignore-maxmemory bool yes
slave-lazy-flush bool no
slave-priority int:0:int 100
slave-read-only bool yes
slave-serve-stale-data bool yes
slaveof immutable
slowlog-log-slower-than int:-1:max 10000
slowlog-max-len int:0:max 128
socket-mark-id immutable 0
stop-writes-on-bgsave-error bool yes
stream-node-max-bytes memory 4096
stream-node-max-entries int:0:max 100
supervised immutable no
syslog-enabled immutable no
syslog-facility immutable local0
syslog-ident immutable redis
tcp-backlog immutable 511
tcp-keepalive int:0:int 300
timeout int:0:int 0
tls-auth-clients one-of:no|yes|optional yes
tls-ca-cert-dir string
tls-ca-cert-file string
tls-cert-file string
tls-ciphers string
tls-ciphersuites string
tls-client-cert-file string
tls-client-key-file string
tls-client-key-file-pass string
tls-cluster bool no
tls-dh-params-file string
tls-key-file string
tls-key-file-pass string
tls-port int:0:65535 0
tls-prefer-server-ciphers bool no
tls-protocols string
tls-replication bool no
tls-session-cache-size int:0:int 20480
tls-session-cache-timeout int:0:int 300
tls-session-caching bool yes
tracking-table-max-keys int:0:max 1000000
unixsocket immutable
unixsocketperm immutable 0
zset-max-listpack-entries int:0:max 128
zset-max-listpack-value memory 64
zset-max-ziplist-entries int:0:max 128
zset-max-ziplist-value memory 64
"""  # noqa: E501
