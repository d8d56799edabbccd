// Who there is, and what each may do: values of the API, and the questions for them.
import {get, Problem, type Page, type Repository} from './api';

export type Visibility = Repository['visibility'];
export const visibilities: readonly Visibility[] = ['public', 'internal', 'private'];

export type SystemRole = 'none' | 'auditor' | 'admin';
export const systemRoles: readonly SystemRole[] = ['none', 'auditor', 'admin'];

export type MemberRole = 'member' | 'editor' | 'owner';
export const memberRoles: readonly MemberRole[] = ['member', 'editor', 'owner'];

// In a repository; each with all that the one before it may.
export type Role = 'read' | 'write' | 'maintain' | 'admin';
export const roles: readonly Role[] = ['read', 'write', 'maintain', 'admin'];

export type BaseRole = 'none' | 'read' | 'write';
export const baseRoles: readonly BaseRole[] = ['none', 'read', 'write'];

// What follows the name is told to few, and null for others.
export interface User {
  name: string;
  state: 'active' | 'disabled' | null;
  role: SystemRole | null;
  created_at: string | null;
}

export interface Organisation {
  name: string;
  role: MemberRole | null; // one's own there
  new_visibility: Visibility | null;
  base_role: BaseRole | null; // told to members, admins and auditors
  created_at: string;
}

export interface Member {
  name: string;
  role: MemberRole;
}

export interface Named {
  name: string;
}

export interface Robot {
  name: string; // with its namespace: "acme/ci"
  state: 'active' | 'disabled';
  created_at: string;
  secret_id: number | null;
  expires_at: string | null;
  last_used_at: string | null;
  last_used_from: string | null;
}

export interface MadeRobot {
  name: string;
  secret: string;
}

export interface Wish {
  pattern: string;
  role: Role;
}

export interface Grant extends Wish {
  id: number;
  to: string; // "user:alice", "team:acme/dev", "robot:acme/ci", "htpasswd", "anonymous"
  expires_at: string | null;
  networks: string[];
  made_by: string;
  made_at: string;
}

export interface NewGrant extends Wish {
  to: string;
  expires_at: string | null;
  networks: string[];
}

// Who has a role somewhere: by a grant, or without one, for what they are.
export interface Access {
  holder: string; // as in Grant; "owners:acme", "editors:acme", "members:acme", "admins", "people", "everybody"
  role: Role;
  grant: Grant | null;
}

export interface Explanation {
  allowed: boolean;
  reason: string; // in English
}

const part = encodeURIComponent;

export const organisationPath = (name: string): string => `/organisations/${part(name)}`;
export const membersPath = (organisation: string): string => `${organisationPath(organisation)}/members`;
export const teamsPath = (organisation: string): string => `${organisationPath(organisation)}/teams`;
export const teamMembersPath = (organisation: string, team: string): string =>
  `${teamsPath(organisation)}/${part(team)}/members`;
export const userPath = (name: string): string => `/users/${part(name)}`;
export const robotPath = (name: string): string => `/robots/${name.split('/').map(part).join('/')}`;
// One below any of these.
export const below = (path: string, name: string): string => `${path}/${part(name)}`;

// Whose a namespace is; "nobody": of nobody that this reader may know of.
export type Owner =
  | {kind: 'organisation'; organisation: Organisation}
  | {kind: 'user'; user: User}
  | {kind: 'nobody'};

async function ifThere<T>(path: string, signal: AbortSignal): Promise<T | null> {
  try {
    return await get<T>(path, signal);
  } catch (failure) {
    const isTold = failure instanceof Problem
      && ['not_found', 'unauthenticated', 'no_accounts', 'denied'].includes(failure.code);
    if (isTold) return null;
    throw failure;
  }
}

export async function findOwner(name: string, signal: AbortSignal): Promise<Owner> {
  const [organisation, user] = await Promise.all([ifThere<Organisation>(organisationPath(name), signal),
                                                  ifThere<User>(userPath(name), signal)]);
  if (organisation !== null) return {kind: 'organisation', organisation};
  return user === null ? {kind: 'nobody'} : {kind: 'user', user};
}

const mostPages = 20;

// A list that is wanted as a whole, and is never long.
export async function getAll<T>(path: string, signal: AbortSignal): Promise<T[]> {
  const all: T[] = [];
  let after: string | null = '';
  for (let page = 0; page < mostPages && after !== null; page += 1) {
    const separator = path.includes('?') ? '&' : '?';
    const told: Page<T> = await get<Page<T>>(`${path}${separator}limit=100&after=${part(after)}`, signal);
    all.push(...told.items);
    after = told.next;
  }
  return all;
}
