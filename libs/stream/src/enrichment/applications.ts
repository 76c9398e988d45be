/**
 * Names of applications as a flow tells them: the exporter's own classification where it gives one (IE 95, RFC 6759),
 * else the service registered for the port. Names are IANA's (Service Name and Transport Protocol Port Number Registry),
 * of the ports that carry traffic in practice; a port may carry anything, and a name here says no more than the port.
 */
const portNames =
  '7 echo,20 ftp-data,21 ftp,22 ssh,23 telnet,25 smtp,37 time,43 whois,49 tacacs,53 domain,67 bootps,68 bootpc,69 tftp,' +
  '70 gopher,79 finger,80 http,88 kerberos,110 pop3,111 sunrpc,113 ident,119 nntp,123 ntp,135 epmap,137 netbios-ns,' +
  '138 netbios-dgm,139 netbios-ssn,143 imap,161 snmp,162 snmptrap,177 xdmcp,179 bgp,194 irc,264 bgmp,318 pkix-timestamp,' +
  '319 ptp-event,320 ptp-general,383 hp-alarm-mgr,389 ldap,427 svrloc,443 https,445 microsoft-ds,464 kpasswd,465 submissions,' +
  '500 isakmp,502 mbap,512 exec,513 login,514 syslog,515 printer,520 router,521 ripng,530 courier,540 uucp,543 klogin,' +
  '546 dhcpv6-client,547 dhcpv6-server,548 afpovertcp,554 rtsp,563 nntps,587 submission,593 http-rpc-epmap,623 asf-rmcp,' +
  '631 ipp,636 ldaps,639 msdp,646 ldp,655 tinc,657 rmc,660 mac-srvr-admin,700 epp,749 kerberos-adm,830 netconf-ssh,' +
  '853 domain-s,860 iscsi,873 rsync,902 ideafarm-door,989 ftps-data,990 ftps,992 telnets,993 imaps,995 pop3s,1080 socks,' +
  '1194 openvpn,1293 ipsec-msft,1352 lotusnote,1433 ms-sql-s,1434 ms-sql-m,1521 ncube-lm,1645 sightline,1701 l2tp,1719 h323gatestat,' +
  '1720 h323hostcall,1723 pptp,1755 ms-streaming,1812 radius,1813 radius-acct,1883 mqtt,1900 ssdp,1935 macromedia-fcs,' +
  '1985 hsrp,2000 cisco-sccp,2049 nfs,2055 iop,2082 infowave,2152 gtp-user,2123 gtp-control,2181 eforward,2375 docker,' +
  '2376 docker-s,2379 etcd-client,2380 etcd-server,2404 iec-104,3128 ndl-aas,3222 glbp,3260 iscsi-target,3268 msft-gc,' +
  '3269 msft-gc-ssl,3306 mysql,3389 ms-wbt-server,3478 stun,3544 teredo,3689 daap,3690 svn,3784 bfd-control,3785 bfd-echo,' +
  '4222 nats,4369 epmd,4500 ipsec-nat-t,4739 ipfix,4784 bfd-multi-ctl,4789 vxlan,4840 opcua-tcp,5004 avt-profile-1,' +
  '5005 avt-profile-2,5060 sip,5061 sips,5222 xmpp-client,5223 hpvirtgrp,5269 xmpp-server,5349 stuns,5351 nat-pmp,5353 mdns,' +
  '5355 llmnr,5432 postgresql,5671 amqps,5672 amqp,5683 coap,5684 coaps,5900 rfb,5938 teamviewer,5985 wsman,5986 wsmans,' +
  '6081 geneve,6343 sflow,6379 redis,6443 sun-sr-https,6514 syslog-tls,6653 openflow,6697 ircs-u,7680 ms-do,8080 http-alt,' +
  '8086 d-s-n,8333 bitcoin,8443 pcsync-https,8883 secure-mqtt,8888 ddi-tcp-1,9000 cslistener,9092 xmltec-xmlmail,9100 hp-pdl-datastr,' +
  '9200 wap-wsp,9418 git,9995 palace-4,9996 palace-5,10050 zabbix-agent,10051 zabbix-trapper,11211 memcache,11371 hkp,' +
  '17500 db-lsp,20000 dnp,25565 minecraft,27017 mongodb,44818 ethernet-ip-2,47808 bacnet,51820 wireguard'

const protocolNames: Readonly<Record<number, string>> = {
  1: 'icmp',
  2: 'igmp',
  4: 'ipv4',
  41: 'ipv6',
  46: 'rsvp',
  47: 'gre',
  50: 'esp',
  51: 'ah',
  58: 'ipv6-icmp',
  88: 'eigrp',
  89: 'ospf',
  97: 'etherip',
  103: 'pim',
  112: 'vrrp',
  115: 'l2tp',
}

const namesByPort = new Map(
  portNames.split(',').map(entry => {
    const [port = '', name = ''] = entry.split(' ')
    return [Number(port), name] as const
  }),
)

/** Classification engines of RFC 6759, table 1, that name something we know. */
const engineIanaProtocol = 1
const engineIanaPort = 3
const engineNames: Readonly<Record<number, string>> = { 6: 'user', 12: 'pana-l2', 13: 'pana-l7', 20: 'pana-l7-pen' }

/**
 * The application of a flow; '' where nothing names it.
 * @param applicationId as in `FlowColumns`: the engine in the high octet, its selector below; 0 not given
 */
export function applicationName(applicationId: number, protocol: number, servicePort: number): string {
  const engine = applicationId >>> 24
  const selector = applicationId & 0xff_ffff
  if (engine === engineIanaProtocol) return protocolNames[selector] ?? ''
  if (engine === engineIanaPort) return namesByPort.get(selector) ?? ''
  if (applicationId !== 0) return `${engineNames[engine] ?? `engine-${engine}`}/${selector}`
  if (servicePort !== 0) return namesByPort.get(servicePort) ?? ''
  return protocolNames[protocol] ?? ''
}
