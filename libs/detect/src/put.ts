/** Sets a key, or takes it away: states hold no keys without a meaning. */
export function put<State, Key extends keyof State>(state: State, key: Key, value: State[Key] | undefined): void {
  if (value === undefined) delete state[key]
  else state[key] = value
}
