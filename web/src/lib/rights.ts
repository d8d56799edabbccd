// Rights, in words: who holds one, what it allows, where, and why.
import type {BaseRole, Explanation, MemberRole, Role, SystemRole, Visibility} from './people';
import {t, type Key} from './words.svelte';

// What may be asked about, with the least role that allows it.
export const actions = {
  pull: 'read', push: 'write', create: 'write', tag: 'write', describe: 'write', delete: 'maintain',
  visibility: 'admin', grant: 'admin',
} as const satisfies Record<string, Role>;
export type Action = keyof typeof actions;

export const roleWords = {
  read: 'role.read', write: 'role.write', maintain: 'role.maintain', admin: 'role.admin',
} as const satisfies Record<Role, Key>;

export const roleAllows = {
  read: 'role.readAllows', write: 'role.writeAllows', maintain: 'role.maintainAllows', admin: 'role.adminAllows',
} as const satisfies Record<Role, Key>;

export const baseRoleWords = {none: 'role.none', read: 'role.read', write: 'role.write'} as const satisfies Record<BaseRole, Key>;

export const memberWords = {
  member: 'member.member', editor: 'member.editor', owner: 'member.owner',
} as const satisfies Record<MemberRole, Key>;

export const systemWords = {
  none: 'system.none', auditor: 'system.auditor', admin: 'system.admin',
} as const satisfies Record<SystemRole, Key>;

export const visibilityWords = {
  public: 'visibility.public', internal: 'visibility.internal', private: 'visibility.private',
} as const satisfies Record<Visibility, Key>;

export const actionWords = {
  pull: 'action.pull', push: 'action.push', create: 'action.create', tag: 'action.tag', describe: 'action.describe',
  delete: 'action.delete', visibility: 'action.visibility', grant: 'action.grant',
} as const satisfies Record<Action, Key>;

const holderWords: Partial<Record<string, Key>> = {
  user: 'holder.user', team: 'holder.team', robot: 'holder.robot', owners: 'holder.owners', editors: 'holder.editors',
  members: 'holder.members', admins: 'holder.admins', people: 'holder.people', everybody: 'holder.everybody',
  anonymous: 'holder.everybody', htpasswd: 'holder.htpasswd',
};

// "user:alice" in its two parts: what kind of holder, and the name.
export function holderParts(holder: string): {kind: string; name: string} {
  const colon = holder.indexOf(':');
  return colon < 0 ? {kind: holder, name: ''} : {kind: holder.slice(0, colon), name: holder.slice(colon + 1)};
}

export function holderText(holder: string): string {
  const {kind, name} = holderParts(holder);
  const key = holderWords[kind];
  return key === undefined ? holder : t(key, {name});
}

// Why somebody has a role that nobody granted.
export function originText(holder: string): string {
  const {kind, name} = holderParts(holder);
  switch (kind) {
    case 'admins': return t('origin.admins');
    case 'user': return t('origin.own');
    case 'everybody': return t('origin.public');
    case 'people': return t('origin.internal');
    default: return t('origin.organisation', {name});
  }
}

export function patternText(pattern: string): string {
  const fixed = pattern.replace(/\*+$/, '');
  if (!pattern.includes('*')) return t('pattern.one');
  if (fixed.includes('*') || !fixed.endsWith('/')) return t('pattern.like');
  return pattern.endsWith('**') ? t('pattern.below', {name: fixed}) : t('pattern.directly', {name: fixed});
}

const memberOf = /^(member|editor|owner) of (\S+)$/;
const byGrant = /^grant (\d+): (\S+) (read|write|maintain|admin) (\S+)$/;

// The registry's reason is English; its forms are few, and each is said in the reader's language.
function reasonText(reason: string): string {
  const grant = byGrant.exec(reason);
  if (grant !== null) {
    const [, , to = '', role = '', pattern = ''] = grant;
    return t('because.grant', {who: holderText(to), role: t(roleWords[role as Role]), pattern});
  }
  const membership = memberOf.exec(reason);
  if (membership !== null) {
    const [, role = '', name = ''] = membership;
    return t('because.member', {role: t(memberWords[role as MemberRole]), name});
  }
  if (reason === 'system admin') return t('because.admin');
  if (reason === 'its own namespace') return t('because.own');
  if (reason.startsWith('the repository is public')) return t('because.public');
  if (reason.startsWith('the repository is internal')) return t('because.internal');
  return reason;
}

export function explanationText(told: Explanation, action: Action, repository: string): string {
  if (told.allowed) return reasonText(told.reason);
  const slash = repository.indexOf('/');
  const role = t(roleWords[actions[action]]);
  return slash < 0 ? t('because.needsAdmin', {role})
                   : t('because.needs', {role, name: repository.slice(0, slash)});
}
