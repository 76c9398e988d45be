import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot, parseConfig } from '../../../../libs/kernel/src/index.ts'
import { Identification } from './identification.ts'
import { compileProfile, type Profile } from './profile.ts'
import { type OperatingSystem, operatingSystemsSchema, profileSchema } from './profile-schema.ts'

export const profilesFolder: string = join(packageRoot, 'services/snmp-poller/profiles')

const systemsFile = 'operating-systems.yaml'

export interface ProfileLibrary {
  readonly identification: Identification
  /** Those for an operating system first, then those for every device. */
  profilesFor(os: string): readonly Profile[]
}

/**
 * The program's profiles, and before them those of `folders`, which a person adds: their names of systems and their
 * profiles count first.
 * @throws ConfigError on a profile that does not follow its schema, by file and place; Error on a name that is not defined
 */
export function loadProfiles(folders: readonly string[] = []): ProfileLibrary {
  const all = [...folders, profilesFolder]
  const identification = new Identification(all.flatMap(systemsOf))
  const profiles = all.flatMap(profilesOf)
  const byOs = new Map<string, readonly Profile[]>()
  return {
    identification,
    profilesFor(os) {
      let found = byOs.get(os)
      if (!found) {
        const own = profiles.filter(({ source }) => source.os?.includes(os))
        found = [...own, ...profiles.filter(({ source }) => source.os === undefined)]
        byOs.set(os, found)
      }
      return found
    },
  }
}

function systemsOf(folder: string): OperatingSystem[] {
  const file = join(folder, systemsFile)
  return existsSync(file)
    ? parseConfig(operatingSystemsSchema, readFileSync(file, 'utf8'), nameIn(folder, systemsFile))
    : []
}

function profilesOf(folder: string): Profile[] {
  return readdirSync(folder)
    .filter(file => file.endsWith('.yaml') && file !== systemsFile)
    .sort()
    .map(file => {
      const source = parseConfig(profileSchema, readFileSync(join(folder, file), 'utf8'), nameIn(folder, file))
      return compileProfile(file.slice(0, -'.yaml'.length), source)
    })
}

/** The program's own are known by their file; a person's by where it lies. */
function nameIn(folder: string, file: string): string {
  return folder === profilesFolder ? file : join(folder, file)
}
