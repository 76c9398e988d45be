/**
 * A version as what it is compared by. Versions of different lines have no order that could be told, such as two release
 * trains of one Cisco IOS: a fix may be in either and not in the other.
 */
export interface ParsedVersion {
  /** Earlier eras end before later ones begin, whatever their lines; 0 unless given. */
  era?: number
  /** '' goes with every line. */
  line: string
  /** Compared from the left; a missing one is 0. */
  parts: readonly number[]
  /** A build of the same release; one that is not given is any. */
  build?: number
  /** What else it says: versions of equal parts and another rest have no order. */
  rest?: string
}

type Scheme = (text: string) => ParsedVersion | undefined

/** How a vendor's versions are read, by `os` of the device profiles; all others as plain dotted numbers. */
export function parseVersion(os: string, text: string): ParsedVersion | undefined {
  const trimmed = text.trim().slice(0, 128)
  return (schemes[os] ?? dotted)(trimmed)
}

/**
 * Cisco's `15.2(4)M6a`, `9.3(5)`, `7.0(3)I7(8)`, `9.12(4)67`: release, maintenance, train, rebuild.
 * Cisco, "Cisco IOS and NX-OS Software Reference Guide" (names of releases).
 */
const ciscoParenthesis =
  /^(\d+)\.(\d+)(?:\((\d+)([a-z]?)\)(?:([A-Z]+)?(\d+)?([a-z]?)(?:\((\d+)([a-z]?)\))?)?)?(?:[\s,].*)?$/

function ciscoParts(text: string): { train: string; label: boolean; parts: number[] } | undefined {
  const match = ciscoParenthesis.exec(text)
  if (!match) return undefined
  const [, major, minor, maintenance, maintenanceLetter, train = '', rebuild, letter, second, secondLetter] = match
  return {
    train,
    label: train !== '' && rebuild === undefined,
    parts: [
      ...[numberOf(major), numberOf(minor), numberOf(maintenance), letterOf(maintenanceLetter)],
      ...[numberOf(rebuild), letterOf(letter), numberOf(second), letterOf(secondLetter)],
    ],
  }
}

/** M and T are one line: T releases lead to the M release of the same number. Special trains have fixes of their own. */
function ciscoIos(text: string): ParsedVersion | undefined {
  const found = ciscoParts(text)
  if (!found) return undefined
  const hasMaintenance = text.includes('(')
  const line = !hasMaintenance ? '' : found.train === 'M' || found.train === 'T' ? 'M/T' : found.train || 'mainline'
  return { line, parts: found.parts }
}

/** `16.9.4`, `17.03.04a`, `Cupertino-17.9.4`; 3.x (`03.16.05.S`, `3.6.8E`) and the IOS numbers of its images came before. */
function iosXe(text: string): ParsedVersion | undefined {
  if (text.includes('(')) {
    const classic = ciscoIos(text)
    return classic && { ...classic, era: -1 }
  }
  const match = /^(?:[A-Z][a-z]+[- ])?(\d+)\.(\d+)(?:\.(\d+)([a-z])?)?\.?([A-Z]{1,3})?$/.exec(text)
  if (!match) return undefined
  const [, major, minor, patch, letter, train] = match
  const parts = [numberOf(major), numberOf(minor), numberOf(patch), letterOf(letter)]
  return Number(major) < 16 ? { era: -1, line: train ?? '', parts } : { line: '', parts }
}

/** Nexus 9000's I train went on as 9.x; the trains of other families (N, D, A, U, F before 9) have none. */
function nxOs(text: string): ParsedVersion | undefined {
  const found = ciscoParts(text)
  if (!found) return undefined
  const { train, label, parts } = found
  // From 10.1 on, F and M after the release are labels of features and maintenance: 10.2(3)F.
  if (label && parts[0]! >= 10) return { line: 'unified', parts, rest: train }
  if (train === '' && !text.includes('(')) return { line: '', parts }
  return { line: train === 'I' || train === '' ? 'unified' : train, parts }
}

/**
 * `21.4R3-S2.3`: release, R, service release, build; `12.3X48-D105`: a train of its own; `-EVO` is another system.
 * Juniper, "Junos OS release numbers".
 */
function junos(text: string): ParsedVersion | undefined {
  const branch = /^(\d+)\.(\d+)X(\d+)-D(\d+)(?:\.(\d+))?/.exec(text)
  if (branch) {
    const [, major, minor, train, build, sub] = branch
    return { line: `${major}.${minor}X${train}`, parts: [numberOf(build), numberOf(sub)] }
  }
  const match = /^(\d+)\.(\d+)(?:([RBI])(\d+)?)?(?:-S(\d+))?(?:\.(\d+))?(-EVO)?$/i.exec(text)
  if (!match) return undefined
  const [, major, minor, kind, release, service, build, evolved] = match
  if (kind !== undefined && kind.toUpperCase() !== 'R') return undefined
  return {
    line: evolved ? 'EVO' : kind ? 'R' : '',
    parts: [numberOf(major), numberOf(minor), numberOf(release), numberOf(service)],
    ...(build === undefined ? {} : { build: Number(build) }),
  }
}

/** `4.27.1F`, `4.28.3M`: numbers, and a label of features or maintenance. */
function eos(text: string): ParsedVersion | undefined {
  const match = /^(\d+(?:\.\d+)*)([A-Z]*)$/.exec(text.replace(/-.*$/, ''))
  return match ? { line: '', parts: numbersOf(match[1]!), ...(match[2] ? { rest: match[2] } : {}) } : undefined
}

/** `v7.2.5 build1517`, `v7.2.5,build1517,230606 (GA.F)`. */
function fortiOs(text: string): ParsedVersion | undefined {
  const match = /^v?(\d+\.\d+(?:\.\d+)?)(?:[\s,-]+build(\d+))?(?:[\s,].*)?$/i.exec(text)
  if (!match) return undefined
  return { line: '', parts: numbersOf(match[1]!), ...(match[2] === undefined ? {} : { build: Number(match[2]) }) }
}

/** `10.1.6-h3` is the third hotfix of 10.1.6; `-b` and `-c` come before the release. */
function panOs(text: string): ParsedVersion | undefined {
  const match = /^(\d+)\.(\d+)(?:\.(\d+))?(?:-([hbc])(\d+))?$/.exec(text)
  if (!match) return undefined
  const [, major, minor, patch, kind, number] = match
  const before = kind === 'b' || kind === 'c'
  const parts = [numberOf(major), numberOf(minor), numberOf(patch), before ? -1 : 0, numberOf(number)]
  return { line: '', parts }
}

/** `KB.16.10.0012`, `FL.10.08.1010`: the letters name the hardware's image, and go with no other. */
function imageLetters(text: string): ParsedVersion | undefined {
  const match = /^(?:([A-Z]{1,2})\.)?(\d+(?:\.\d+)+)([a-z])?$/.exec(text)
  if (!match) return undefined
  return { line: match[1] ?? '', parts: numbersOf(match[2]!), ...(match[3] ? { rest: match[3] } : {}) }
}

/** `6.49.10 (long-term)`, `7.13beta2`, `7.13rc3`: betas, then candidates, then the release. */
function routerOs(text: string): ParsedVersion | undefined {
  const match = /^(\d+)\.(\d+)(?:\.(\d+))?(?:(alpha|beta|rc)(\d+))?(?:\s*\([^)]*\))?$/.exec(text)
  if (!match) return undefined
  const [, major, minor, patch, stage, number] = match
  const stages: Readonly<Record<string, number>> = { alpha: -3, beta: -2, rc: -1 }
  const parts = [numberOf(major), numberOf(minor), numberOf(patch), stage ? stages[stage]! : 0, numberOf(number)]
  return { line: '', parts }
}

/** `V200R019C10SPC500`, with `SPH` patches; V tells product lines apart. */
function vrp(text: string): ParsedVersion | undefined {
  const match = /V(\d{3})R(\d{3})C(\d{2})(?:SPC(\d+))?[A-Z]?(?:SPH(\d+))?/.exec(text)
  if (!match) return undefined
  const [, line, release, customer, pack, patch] = match
  return { line: `V${line}`, parts: [numberOf(release), numberOf(customer), numberOf(pack), numberOf(patch)] }
}

/** `7.1.070 Release 6710P01`, `Release 3507P02`: of one hardware, the release counts. */
function comware(text: string): ParsedVersion | undefined {
  const match = /^(?:(\d+(?:\.\d+)+)[\s,]*)?(?:(Release|ESS|Feature|R|E|F)\s*(\d+)(?:P(\d+))?)?$/i.exec(text)
  if (!match || text === '') return undefined
  const [, version, kind, release, patch] = match
  const line = (kind ?? '').slice(0, 1).toUpperCase()
  // Versions of the operating system that all carry: without them on one side, the release alone has no order.
  return {
    line: `${line}${version ? '+' : ''}`,
    parts: [...(version ? padded(numbersOf(version), 3) : []), numberOf(release), numberOf(patch)],
  }
}

/** `20.10.R4`, `B-20.10.R4-1`. */
function timos(text: string): ParsedVersion | undefined {
  const match = /^(?:[A-Z]-)?(\d+)\.(\d+)\.R(\d+)(?:-(\d+))?$/i.exec(text.replace(/^TiMOS-/i, ''))
  return match ? { line: '', parts: match.slice(1, 5).map(numberOf) } : undefined
}

/** `08.0.95dT213`: numbers, a letter of the patch, and the image's T. `9.14(2.12)` of Dell Networking OS alike. */
function letteredPatch(text: string): ParsedVersion | undefined {
  const match = /^V?(\d+(?:\.\d+)*)([a-z]{0,2})(?:T[a-z]*\d+)?$/i.exec(text.replace(/\(([\d.]+)\)/, '.$1'))
  if (!match) return undefined
  return { line: '', parts: [...padded(numbersOf(match[1]!), 5), ...[...match[2]!.toLowerCase()].map(letterOf)] }
}

/** `31.7.1.4-patch1-5`, `7.0.1-5111`, `6.5.4.13-105n`, `DSM 7.2-64570`, `7.2.1-69057 Update 5`. */
function dashBuild(text: string): ParsedVersion | undefined {
  const match = /^(?:DSM |SFOS )?(\d+(?:\.\d+)*)(?:-(?:patch)?(\d+)(?:-(\d+))?[nv]?)?(?: (?:Update )?(\d+))?$/i.exec(
    text,
  )
  if (!match) return undefined
  const [, numbers, first, second, update] = match
  return { line: '', parts: [...padded(numbersOf(numbers!), 5), ...[first, second, update].map(numberOf)] }
}

/** Dotted numbers; whatever follows them must be the same for two versions to have an order, unless the numbers decide. */
function dotted(text: string): ParsedVersion | undefined {
  const match = /^[vV]?(\d+(?:\.\d+)*)(.*)$/.exec(text)
  if (!match) return undefined
  const rest = match[2]!.trim().toLowerCase()
  return { line: '', parts: numbersOf(match[1]!), ...(rest === '' ? {} : { rest }) }
}

const schemes: Readonly<Record<string, Scheme>> = {
  ios: ciscoIos,
  iosxe: iosXe,
  nxos: nxOs,
  asa: ciscoIos,
  junos,
  'junos-evolved': junos,
  arista_eos: eos,
  fortigate: fortiOs,
  fortiswitch: fortiOs,
  forti: fortiOs,
  panos: panOs,
  procurve: imageLetters,
  'arubaos-cx': imageLetters,
  routeros: routerOs,
  swos: routerOs,
  vrp,
  comware,
  timos,
  fastiron: letteredPatch,
  ironware: letteredPatch,
  fabos: letteredPatch,
  dnos: letteredPatch,
  xos: dashBuild,
  sonicwall: dashBuild,
  dsm: dashBuild,
}

function numbersOf(text: string): number[] {
  return text.split('.').map(Number)
}

function padded(numbers: readonly number[], length: number): number[] {
  return [...numbers, ...Array<number>(Math.max(0, length - numbers.length)).fill(0)]
}

function numberOf(text: string | undefined): number {
  return text === undefined || text === '' ? 0 : Number(text)
}

/** a is 1; none is 0. */
function letterOf(letter: string | undefined): number {
  return letter ? letter.charCodeAt(0) - 96 : 0
}
