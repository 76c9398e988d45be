#!/bin/sh
# Makes the passwords of ClickHouse's three users once, and the file that tells ClickHouse of them by their hashes.
# There is no default password; what exists is kept.
set -eu
folder=${1:-/secrets}
umask 077
mkdir -p "$folder/weir" "$folder/clickhouse"
for user in owner writer reader; do
  file="$folder/weir/$user"
  [ -s "$file" ] || head -c 24 /dev/urandom | base64 | tr -d '\n' >"$file"
done
hash() { printf %s "$(cat "$folder/weir/$1")" | sha256sum | cut -d ' ' -f 1; }
cat >"$folder/clickhouse/weir-users.xml" <<XML
<clickhouse>
  <users>
    <weir_owner>
      <password_sha256_hex>$(hash owner)</password_sha256_hex>
      <networks><ip>::/0</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
      <access_management>0</access_management>
    </weir_owner>
    <weir_writer>
      <password_sha256_hex>$(hash writer)</password_sha256_hex>
      <networks><ip>::/0</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
      <grants>
        <query>GRANT INSERT, SELECT ON weir.*</query>
      </grants>
    </weir_writer>
    <weir_reader>
      <password_sha256_hex>$(hash reader)</password_sha256_hex>
      <networks><ip>::/0</ip></networks>
      <profile>weir_reader</profile>
      <quota>default</quota>
      <grants>
        <query>GRANT SELECT ON weir.*</query>
        <query>GRANT SELECT ON system.*</query>
      </grants>
    </weir_reader>
  </users>
  <profiles>
    <default/>
    <weir_reader>
      <readonly>2</readonly>
      <max_execution_time>60</max_execution_time>
    </weir_reader>
  </profiles>
  <quotas>
    <default>
      <interval><duration>3600</duration></interval>
    </default>
  </quotas>
</clickhouse>
XML
# ClickHouse runs as 101, Weir as 10001; each reads its own folder only.
chown -R 101:101 "$folder/clickhouse"
chown -R 10001:10001 "$folder/weir"
