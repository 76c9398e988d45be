import type { EventKind } from '../../../../libs/model/src/index.ts'

export interface KnownNotification {
  oid: string
  kind: EventKind
  /** Sent again for as long as the state lasts. */
  repeats?: true
}

const of = (kind: EventKind, ...oids: string[]): KnownNotification[] => oids.map(oid => ({ oid, kind }))

/** Notifications by snmpTrapOID, as their MIBs define them; the names stand behind. */
export const knownNotifications: readonly KnownNotification[] = [
  // SNMPv2-MIB (RFC 3418), IF-MIB (RFC 2863).
  ...of('cold-start', '1.3.6.1.6.3.1.1.5.1'),
  ...of('warm-start', '1.3.6.1.6.3.1.1.5.2'),
  ...of('link-down', '1.3.6.1.6.3.1.1.5.3'),
  ...of('link-up', '1.3.6.1.6.3.1.1.5.4'),
  ...of('authentication-failure', '1.3.6.1.6.3.1.1.5.5'),

  // BGP4-MIB bgpEstablishedNotification, bgpBackwardTransNotification (RFC 4273), and as RFC 1657 numbered them.
  ...of('peer-up', '1.3.6.1.2.1.15.0.1', '1.3.6.1.2.1.15.7.1'),
  ...of('peer-down', '1.3.6.1.2.1.15.0.2', '1.3.6.1.2.1.15.7.2'),
  // CISCO-BGP4-MIB cbgpBackwardTransition; cbgpPeer2EstablishedNotification; cbgpPeer2BackwardTransNotification,
  // cbgpPeer2BackwardTransition.
  ...of('peer-down', '1.3.6.1.4.1.9.9.187.0.2', '1.3.6.1.4.1.9.9.187.0.6', '1.3.6.1.4.1.9.9.187.0.8'),
  ...of('peer-up', '1.3.6.1.4.1.9.9.187.0.5'),
  // BGP4-V2-MIB-JUNIPER jnxBgpM2Established, jnxBgpM2BackwardTransition.
  ...of('peer-up', '1.3.6.1.4.1.2636.5.1.1.1.0.1'),
  ...of('peer-down', '1.3.6.1.4.1.2636.5.1.1.1.0.2'),

  // UPS-MIB upsTrapOnBattery, sent again each minute on battery (RFC 1628 §3).
  { oid: '1.3.6.1.2.1.33.2.0.1', kind: 'power-on-battery', repeats: true },
  // PowerNet-MIB (APC) upsOnBattery, powerRestored; CyberPower's CPS-MIB numbers them alike, as does DGPUPS-MIB.
  ...of('power-on-battery', '1.3.6.1.4.1.318.0.5', '1.3.6.1.4.1.3808.0.5', '1.3.6.1.4.1.17420.0.5'),
  ...of('power-restored', '1.3.6.1.4.1.318.0.9', '1.3.6.1.4.1.3808.0.9', '1.3.6.1.4.1.17420.0.9'),
  // DELL-SNMP-UPS-MIB trapUPSOnBattery, trapUPSReturnFromBattery.
  ...of('power-on-battery', '1.3.6.1.4.1.674.10902.2.140.0.57'),
  ...of('power-restored', '1.3.6.1.4.1.674.10902.2.140.0.58'),
  // EPPC-MIB (Phoenixtec and its brands) upsEOnBattery, upsENotOnBattery; BESTPOWER-MIB upsTrapUPSOnBattery,
  // upsTrapUPSNotOnBattery; DeltaUPS-MIB dupsPowerFail, dupsPowerRestored.
  ...of('power-on-battery', '1.3.6.1.4.1.935.10.1.2.0.7', '1.3.6.1.4.1.2947.1.0.3', '1.3.6.1.4.1.2254.2.4.20.0.3'),
  ...of('power-restored', '1.3.6.1.4.1.935.10.1.2.0.8', '1.3.6.1.4.1.2947.1.0.4', '1.3.6.1.4.1.2254.2.4.20.0.4'),
  // CPQRPM-MIB (HPE) cpqRPMTrapUPSOnBattery, cpqRPMTrapUPSOnUtilityPower.
  ...of('power-on-battery', '1.3.6.1.4.1.232.154.2.0.21063'),
  ...of('power-restored', '1.3.6.1.4.1.232.154.2.0.21064'),

  // CISCO-ENVMON-MIB ciscoEnvMonRedundantSupplyNotification, ciscoEnvMonSuppStatusChangeNotif; CISCO-ENTITY-FRU-CONTROL-MIB
  // cefcPowerStatusChange, cefcPowerSupplyOutputChange.
  ...of('power-supply', '1.3.6.1.4.1.9.9.13.3.0.5', '1.3.6.1.4.1.9.9.13.3.0.9'),
  ...of('power-supply', '1.3.6.1.4.1.9.9.117.2.0.2', '1.3.6.1.4.1.9.9.117.2.0.7'),
  // JUNIPER-MIB jnxPowerSupplyFailure, jnxFruPowerOff, jnxFruPowerOn, jnxPowerSupplyOK.
  ...of('power-supply', '1.3.6.1.4.1.2636.4.1.1', '1.3.6.1.4.1.2636.4.1.7', '1.3.6.1.4.1.2636.4.1.8'),
  ...of('power-supply', '1.3.6.1.4.1.2636.4.2.1'),
  // HUAWEI-ENTITY-TRAP-MIB hwPowerRemove, hwPowerInsert, hwPowerFail, hwPowerFailResume; FORTINET-CORE-MIB
  // fnTrapPowerSupplyFailure.
  ...of('power-supply', '1.3.6.1.4.1.2011.5.25.219.2.5.1', '1.3.6.1.4.1.2011.5.25.219.2.5.2'),
  ...of('power-supply', '1.3.6.1.4.1.2011.5.25.219.2.5.3', '1.3.6.1.4.1.2011.5.25.219.2.5.4'),
  ...of('power-supply', '1.3.6.1.4.1.12356.100.1.3.0.106'),
  // IDRAC-MIB-SMIv2 alertPowerSupplyFailure, …Warning, …Normal, …Absent; CPQHLTH-MIB (HPE iLO) cpqHe3FltTolPowerSupply…,
  // cpqHe4FltTolPowerSupply….
  ...of('power-supply', ...['2185', '2186', '2187', '2465'].map(n => `1.3.6.1.4.1.674.10892.5.3.2.1.0.${n}`)),
  ...of('power-supply', ...['6030', '6031', '6034', '6048', '6049', '6050', '6069'].map(n => `1.3.6.1.4.1.232.0.${n}`)),

  // CISCO-ENTITY-SENSOR-MIB entSensorThresholdNotification, which Cisco's optics raise; JUNIPER-DOM-MIB jnxDomAlarmSet,
  // jnxDomAlarmCleared; ARISTA-ENTITY-SENSOR-MIB aristaEntSensorAlarm.
  ...of('optics', '1.3.6.1.4.1.9.9.91.2.0.1', '1.3.6.1.4.1.2636.4.18.0.1', '1.3.6.1.4.1.2636.4.18.0.2'),
  ...of('optics', '1.3.6.1.4.1.30065.3.12.0.1'),
  // HUAWEI-ENTITY-TRAP-MIB hwOpticalFail, …FailResume, …PowerAlarm, …PowerAlarmResume; HUAWEI-BASE-TRAP-MIB
  // hwOpticalPowerAbnormal, …Resume.
  ...of('optics', ...['3', '4', '7', '8'].map(n => `1.3.6.1.4.1.2011.5.25.219.2.4.${n}`)),
  ...of('optics', '1.3.6.1.4.1.2011.5.25.129.2.17.1', '1.3.6.1.4.1.2011.5.25.129.2.17.2'),
  // HH3C-ENTITY-EXT-MIB hh3cEntityExtSFPAlarmOn, …Off, and HPN-ICF's twin; FOUNDRY-SN-NOTIFICATION-MIB
  // snTrapOpticalMonitoringWarning, …Alarm, …Error, …OK.
  ...of('optics', '1.3.6.1.4.1.25506.2.6.2.0.9', '1.3.6.1.4.1.25506.2.6.2.0.10'),
  ...of('optics', '1.3.6.1.4.1.11.2.14.11.15.2.6.2.0.9', '1.3.6.1.4.1.11.2.14.11.15.2.6.2.0.10'),
  ...of('optics', ...['1003', '1004', '1005', '1214'].map(n => `1.3.6.1.4.1.1991.0.${n}`)),

  // CISCO-ENVMON-MIB ciscoEnvMonFanNotification, …FanStatusChangeNotif; CISCO-ENTITY-FRU-CONTROL-MIB cefcFanTrayStatusChange;
  // JUNIPER-MIB jnxFanFailure, jnxFanOK; HUAWEI-ENTITY-TRAP-MIB hwFanRemove, hwFanFail, hwFanFailResume; FORTINET-CORE-MIB
  // fnTrapFanFailure; FOUNDRY-SN-NOTIFICATION-MIB snTrapChasFanFailed, …Normal, …OK; IDRAC-MIB-SMIv2 alertFan….
  ...of('fan', '1.3.6.1.4.1.9.9.13.3.0.4', '1.3.6.1.4.1.9.9.13.3.0.8', '1.3.6.1.4.1.9.9.117.2.0.6'),
  ...of('fan', '1.3.6.1.4.1.2636.4.1.2', '1.3.6.1.4.1.2636.4.2.2'),
  ...of('fan', ...['1', '3', '4'].map(n => `1.3.6.1.4.1.2011.5.25.219.2.6.${n}`)),
  ...of('fan', '1.3.6.1.4.1.12356.100.1.3.0.108', ...['31', '149', '1000'].map(n => `1.3.6.1.4.1.1991.0.${n}`)),
  ...of('fan', ...['2153', '2154', '2155'].map(n => `1.3.6.1.4.1.674.10892.5.3.2.1.0.${n}`)),

  // CISCO-ENVMON-MIB ciscoEnvMonTemperatureNotification, …TempStatusChangeNotif; JUNIPER-MIB jnxOverTemperature,
  // jnxTemperatureOK; HUAWEI-ENTITY-TRAP-MIB hwTempAlarm, hwTempResume, hwBrdTempAlarm, hwBrdTempResume; FORTINET-CORE-MIB
  // fnTrapTempHigh; FOUNDRY-SN-NOTIFICATION-MIB snTrapTemperatureWarning, …OK; IDRAC-MIB-SMIv2 alertTemperatureProbe….
  ...of('temperature', '1.3.6.1.4.1.9.9.13.3.0.3', '1.3.6.1.4.1.9.9.13.3.0.7'),
  ...of('temperature', '1.3.6.1.4.1.2636.4.1.3', '1.3.6.1.4.1.2636.4.2.3', '1.3.6.1.4.1.12356.100.1.3.0.104'),
  ...of('temperature', ...['1', '2', '13', '14'].map(n => `1.3.6.1.4.1.2011.5.25.219.2.10.${n}`)),
  ...of('temperature', '1.3.6.1.4.1.1991.0.36', '1.3.6.1.4.1.1991.0.1001'),
  ...of('temperature', ...['2161', '2162', '2163'].map(n => `1.3.6.1.4.1.674.10892.5.3.2.1.0.${n}`)),

  // JUNIPER-MIB jnxHardDiskFailed, jnxHardDiskMissing; IDRAC-MIB-SMIv2 alertPhysicalDisk…, alertStoragePhysicalDisk…,
  // alertStorageVirtualDisk….
  ...of('disk', '1.3.6.1.4.1.2636.4.1.14', '1.3.6.1.4.1.2636.4.1.15'),
  ...of('disk', ...['2297', '2298', '2299'].map(n => `1.3.6.1.4.1.674.10892.5.3.2.1.0.${n}`)),
  ...of('disk', ...['4345', '4346', '4347', '4353', '4354', '4355'].map(n => `1.3.6.1.4.1.674.10892.5.3.2.2.0.${n}`)),

  // ENTITY-MIB entConfigChange (RFC 6933); CISCO-ENTITY-FRU-CONTROL-MIB cefcModuleStatusChange, cefcFRUInserted,
  // cefcFRURemoved; JUNIPER-MIB jnxFruRemoval, …Insertion, …Failed, …Offline, …Online, …OK.
  ...of('part', '1.3.6.1.2.1.47.2.0.1', ...['1', '3', '4'].map(n => `1.3.6.1.4.1.9.9.117.2.0.${n}`)),
  ...of('part', ...['1.5', '1.6', '1.9', '1.10', '1.11', '2.4'].map(n => `1.3.6.1.4.1.2636.4.${n}`)),

  // FORTINET-FORTIGATE-MIB fgTrapHaSwitch, …StateChange, …HBFail, …MemberDown, …MemberUp; JUNIPER-MIB
  // jnxRedundancySwitchover; JUNIPER-CHASSIS-CLUSTER-MIB jnxJsChassisClusterSwitchover; CISCO-HSRP-MIB cHsrpStateChange.
  ...of('failover', ...['401', '402', '403', '404', '405'].map(n => `1.3.6.1.4.1.12356.101.2.0.${n}`)),
  ...of('failover', '1.3.6.1.4.1.2636.4.1.4', '1.3.6.1.4.1.2636.3.39.1.14.1.0.1', '1.3.6.1.4.1.9.9.106.2.0.1'),

  // BRIDGE-MIB newRoot, topologyChange (RFC 4188); CISCO-STP-EXTENSIONS-MIB stpx…InconsistencyUpdate.
  ...of('topology', '1.3.6.1.2.1.17.0.1', '1.3.6.1.2.1.17.0.2'),
  ...of('topology', ...['1', '2', '3'].map(n => `1.3.6.1.4.1.9.9.82.2.0.${n}`)),

  // CISCO-CONFIG-MAN-MIB ciscoConfigManEvent, ccmCLIRunningConfigChanged; JUNIPER-CFGMGMT-MIB jnxCmCfgChange;
  // FORTINET-FORTIGATE-MIB fgFmTrapConfChange.
  ...of('configuration', '1.3.6.1.4.1.9.9.43.2.0.1', '1.3.6.1.4.1.9.9.43.2.0.2', '1.3.6.1.4.1.2636.4.5.0.1'),
  ...of('configuration', '1.3.6.1.4.1.12356.101.6.0.1003'),
]
