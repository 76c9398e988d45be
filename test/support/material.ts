import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { packageRoot } from '../../libs/kernel/src/index.ts'

/** Folder of captures and dumps of real devices, kept beside a checkout; tests on it are skipped by name without it. */
export const materialFolder: string = resolve(packageRoot, process.env.WEIR_MATERIAL ?? '../shared/material')

export const hasMaterial: boolean = existsSync(join(materialFolder, 'README.md'))
