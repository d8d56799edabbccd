// Who the reader is, and whether the registry asks.
import {beginSession, get, remove, type Me, type System} from './api';
import {forgetAll} from './place.svelte';

let system = $state.raw<System>();
let me = $state.raw<Me>();
let known = $state(false);  // both were asked for, and answered or not
let epoch = $state(0);  // another one: what was shown is not what this reader may see

export const session = {
  get system(): System | undefined {
    return system;
  },
  get me(): Me | undefined {
    return me;
  },
  get epoch(): number {
    return epoch;
  },
  get isOpen(): boolean {
    return system?.state === 'open';
  },
  get isSignedIn(): boolean {
    return me !== undefined && me.kind !== 'anonymous';
  },
  get isAdmin(): boolean {
    return me?.role === 'admin';
  },
  // Who sees every name and right: an admin or an auditor.
  get seesAll(): boolean {
    return me !== undefined && me.role !== 'none';
  },
  get isKnown(): boolean {
    return known;
  },
};

// Without an answer the page goes on: each of its parts tells of its own failure.
export async function learnSession(): Promise<void> {
  const [first, second] = await Promise.allSettled([get<System>('/system'), get<Me>('/me')]);
  if (first.status === 'fulfilled') system = first.value;
  if (second.status === 'fulfilled') me = second.value;
  known = true;
}

export async function signIn(name: string, password: string): Promise<void> {
  me = await beginSession(name, password);
  forgetAll();
  epoch += 1;
}

export async function signOut(): Promise<void> {
  await remove('/sessions/current');
  becomeNobody();
}

// The session has ended without this page's doing.
export function becomeNobody(): void {
  me = {kind: 'anonymous', name: '', role: 'none'};
  forgetAll();
  epoch += 1;
}
