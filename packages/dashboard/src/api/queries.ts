import { apiKeys } from '@norrix/contract/api-keys.operations'
import { isFinal } from '@norrix/contract/builds.policy'
import { builds } from '@norrix/contract/builds.operations'
import { Fault } from '@norrix/contract/fault'
import { orgs } from '@norrix/contract/orgs.operations'
import { runners } from '@norrix/contract/runners.operations'
import { service } from '@norrix/contract/service.operations'
import { sessions } from '@norrix/contract/sessions.operations'
import type { ApiKey, Build, Org, Output, QuerySent } from '@norrix/contract/types'
import { QueryClient, type Query } from '@tanstack/react-query'
import { call } from '../api.ts'

/** What a page reads: the name to keep it under, how it is asked for, how often it is asked for again. */
export interface Reading<T> {
  readonly queryKey: readonly string[]
  readonly queryFn: (asking: { readonly signal: AbortSignal }) => Promise<T>
  /** Milliseconds for which it is not asked for again by another page that reads it. */
  readonly staleTime?: number
  /** Milliseconds between two askings. */
  readonly refetchInterval?: (query: Query<T, Error, T, readonly string[]>) => number | false
}

export type Whoami = Output<'sessions.whoami'>
export type BuildFilter = Pick<
  NonNullable<QuerySent<'builds.list'>>,
  'platform' | 'state' | 'cursor'
>
export type KeyFilter = Pick<NonNullable<QuerySent<'apiKeys.list'>>, 'status' | 'cursor'>

/** Waits in milliseconds between two askings for what changes by itself. */
const busy = 3_000
const calm = 15_000

export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 2_000,
        // A named fault is an answer, and asking again will not change it; a lost connection may come back.
        retry: (count, error) =>
          count < 2 && (!(error instanceof Fault) || error.code === 'network'),
      },
    },
  })
}

export function whoamiReading(): Reading<Whoami> {
  return {
    queryKey: ['whoami'],
    queryFn: ({ signal }) => call(sessions.whoami, { signal }),
    staleTime: 60_000,
  }
}

export function sessionsReading(cursor?: string): Reading<Output<'sessions.list'>> {
  return {
    queryKey: ['sessions', cursor ?? ''],
    queryFn: ({ signal }) => call(sessions.list, { query: { cursor }, signal }),
    refetchInterval: () => calm,
  }
}

export function orgReading(orgId: string): Reading<Org> {
  return {
    queryKey: ['org', orgId],
    queryFn: ({ signal }) => call(orgs.show, { params: { orgId }, signal }),
    staleTime: 60_000,
  }
}

export function buildsReading(orgId: string, query: BuildFilter): Reading<Output<'builds.list'>> {
  return {
    queryKey: ['builds', orgId, JSON.stringify(query)],
    queryFn: ({ signal }) =>
      call(builds.list, { params: { orgId }, query: { ...query, limit: 25 }, signal }),
    refetchInterval: ({ state }) =>
      state.data?.items.some((build) => !isFinal(build.state)) === true ? busy : calm,
  }
}

/** One build. Its live log brings changes sooner; asking again is for when that is cut. */
export function buildReading(orgId: string, buildId: string): Reading<Build> {
  return {
    queryKey: ['build', orgId, buildId],
    queryFn: ({ signal }) => call(builds.show, { params: { orgId, buildId }, signal }),
    refetchInterval: ({ state }) => (state.data && isFinal(state.data.state) ? false : busy),
  }
}

export function runnersReading(orgId: string, cursor?: string): Reading<Output<'runners.list'>> {
  return {
    queryKey: ['runners', orgId, cursor ?? ''],
    queryFn: ({ signal }) => call(runners.list, { params: { orgId }, query: { cursor }, signal }),
    refetchInterval: () => calm,
  }
}

export function apiKeysReading(orgId: string, query: KeyFilter): Reading<Output<'apiKeys.list'>> {
  return {
    queryKey: ['api-keys', orgId, JSON.stringify(query)],
    queryFn: ({ signal }) => call(apiKeys.list, { params: { orgId }, query, signal }),
    refetchInterval: () => calm,
  }
}

/** One key as it is this moment, asked for again and again until it has been used for the first time. */
export function apiKeyReading(orgId: string, keyId: string): Reading<ApiKey> {
  return {
    queryKey: ['api-key', orgId, keyId],
    queryFn: ({ signal }) => call(apiKeys.show, { params: { orgId, keyId }, signal }),
    staleTime: 0,
    refetchInterval: ({ state }) => (state.data?.lastUsed ? false : 2_000),
  }
}

export function cliReading(): Reading<Output<'service.cli'>> {
  return {
    queryKey: ['cli'],
    queryFn: ({ signal }) => call(service.cli, { signal }),
    staleTime: Infinity,
  }
}
