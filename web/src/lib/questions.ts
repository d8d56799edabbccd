// What the pages ask the API for. Each knows the first ones already from its address, so they are
// under way before its code has come.
import {expect, repositoryPath, withQuery} from './api';
import type {Route, Sort} from './route';

export const repositoriesPath = (q: string): string => withQuery('/repositories', {q});
export const belowPath = (namespace: string, q: string): string => withQuery('/repositories', {namespace, q});
export const tagsPath = (name: string, sort: Sort): string => withQuery(`${repositoryPath(name)}/-/tags`, {sort});
export const historyPath = (name: string, tag: string): string =>
  `${repositoryPath(name)}/-/tags/${encodeURIComponent(tag)}/history`;
export const imagePath = (name: string, reference: string, platform: string): string =>
  withQuery(`${repositoryPath(name)}/-/images/${encodeURIComponent(reference)}`, {platform});

function firstOf(route: Route): string[] {
  switch (route.page) {
    case 'home':
      return [repositoriesPath(route.q)];
    case 'repository':
      return [repositoryPath(route.name), tagsPath(route.name, route.sort)];
    case 'history':
      return [historyPath(route.name, route.tag)];
    case 'image':
      return [imagePath(route.name, route.reference, route.platform)];
    default:
      return [];
  }
}

export function expectFirst(route: Route): void {
  firstOf(route).forEach(expect);
}
