// Who is signed in. The access token is only here in memory; what renews it is in a cookie that no script reads.

import {boot} from './boot.js';

const SPARE_MS = 45_000;
const listeners = new Set();
const others = 'BroadcastChannel' in window ? new BroadcastChannel('vc-session') : null;
let told = null;
let until = 0;
let asking = null;

/** An error as the server told it. `offline`: the server was not reached. */
export class ApiError extends Error {
  constructor(status, problem, {offline = false} = {}) {
    super(problem.title || `HTTP ${status}`);
    this.name = 'ApiError';
    this.status = status;
    this.code = problem.code || '';
    this.title = problem.title || '';
    this.detail = problem.detail || '';
    this.requestId = problem.request_id || '';
    this.errors = problem.errors || [];
    this.offline = offline;
  }
}

/** {user, workspace_id, workspaces} or null. */
export const who = () => told;
/** The workspace that one is in: {id, name, role}. */
export const workspace = () => told?.workspaces.find((place) => place.id === told.workspace_id) || null;
/** What one may do here, as the server says. */
export const may = (scope) => !scope || Boolean(told?.scopes?.includes(scope));

/** Be told when somebody signs in or out, here or in another tab, or changes the workspace. */
export function onSession(listener, signal) {
  listeners.add(listener);
  signal?.addEventListener('abort', () => listeners.delete(listener));
}

/** Find out whether the browser is signed in. */
export async function startSession() {
  others?.addEventListener('message', (event) => {
    if (event.data === 'out' && told) take(null, false);
    if (event.data === 'in') refresh().catch(() => {});
  });
  try {
    await refresh();
  } catch (error) {
    if (error.status !== 401) throw error;
  }
  return told;
}

/** An access token that is still good for a while; null: nobody is signed in. */
export async function token() {
  if (!told) return null;
  if (until - Date.now() < SPARE_MS) await refresh();
  return told?.access_token || null;
}

/**
 * Get a new access token; tabs and requests that want one at once share the question.
 * `refused`: the access token that the API did not take; whoever signed in anew meanwhile has another one.
 */
export function refresh(workspaceId = null, refused = null) {
  if (asking && !workspaceId) return asking;
  if (refused && told && told.access_token !== refused) return Promise.resolve(told);
  const body = {...(workspaceId ? {workspace_id: workspaceId} : {}), ...(refused ? {refused: true} : {})};
  asking = send('POST', `${boot.base}/session/refresh`, body).then(take, (error) => {
    if (error.status === 401) take(null, false);
    throw error;
  }).finally(() => { asking = null; });
  return asking;
}

/** Sign in with address and password; in a workspace, or in the one that was joined first. */
export async function signIn(email, password, workspaceId = null) {
  const body = {email, password, ...(workspaceId ? {workspace_id: workspaceId} : {})};
  await keep(await send('POST', `${boot.api}/auth/token`, body));
}

/** Use an invitation, or the first administrator's link. */
export async function accept(invitation, {email, name, password}) {
  const body = {token: invitation, name, password, ...(email ? {email} : {})};
  await keep(await send('POST', `${boot.api}/auth/invitations`, body));
}

/** Go to another workspace. */
export async function changeWorkspace(id) {
  await asking?.catch(() => {});
  await refresh(id);
  others?.postMessage('in');
}

/** Sign out, here and in the other tabs. */
export async function signOut() {
  try {
    await send('DELETE', `${boot.base}/session`);
  } finally {
    take(null, false);
    others?.postMessage('out');
  }
}

async function keep(answer) {
  await take(await send('PUT', `${boot.base}/session`, {refresh_token: answer.refresh_token}));
  others?.postMessage('in');
}

async function take(answer, fresh = true) {
  const before = told && `${told.user.id} ${told.workspace_id}`;
  if (answer && fresh) {
    const key = `${answer.user.id} ${answer.workspace_id}`;
    const scopes = key === before ? told.scopes : (await mine(answer.access_token)).scopes;
    told = {...answer, scopes};
    until = Date.now() + answer.expires_in * 1000;
  } else {
    told = null;
    until = 0;
  }
  const after = told && `${told.user.id} ${told.workspace_id}`;
  if (before !== after) for (const listener of [...listeners]) listener(told);
  return told;
}

const mine = (word) => send('GET', `${boot.api}/auth/me`, undefined, {Authorization: `Bearer ${word}`});

async function send(method, url, body, headers = {}) {
  let response;
  try {
    response = await fetch(url, {
      method, credentials: 'same-origin', cache: 'no-store',
      headers: {...headers, ...(body === undefined ? {} : {'Content-Type': 'application/json'})},
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new ApiError(0, {code: 'offline'}, {offline: true});
  }
  const answer = response.status === 204 ? null : await response.json().catch(() => ({}));
  if (!response.ok) throw new ApiError(response.status, answer || {});
  return answer;
}
