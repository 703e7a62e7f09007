// The way in: address and password; the first administrator's link; an invitation; a provider.

import {boot} from '../lib/boot.js';
import {add, fill, h} from '../lib/dom.js';
import {t} from '../lib/i18n.js';
import {Page, explain} from '../lib/page.js';
import {go, goTo} from '../lib/router.js';
import {accept, signIn, who} from '../lib/session.js';

export default class SignIn extends Page {
  static tag = 'vc-page-sign-in';

  async open({then, refused}) {
    const app = this.closest('vc-app');
    const invitation = app?.invitation;
    if (who() && !invitation) {
      await go('library', {}, {replace: true});
      return;
    }
    this.classList.add('vc-narrow');
    const next = async () => {
      if (app) app.invitation = undefined;
      if (then?.startsWith(`${boot.base}/`)) await goTo(then, {replace: true});
      else await go('library', {}, {replace: true});
    };
    fill(this, invitation ? this.#invited(invitation, next) : this.#known(next));
    if (refused) this.#tell(t('sign-in.refused'), t('sign-in.refused.do'));
    this.querySelector('input')?.focus();
  }

  #note = null;

  #tell(what, detail) {
    fill(this.#note, h('strong', {}, what), detail && h('p', {}, detail));
    this.#note.hidden = false;
  }

  #known(next) {
    const form = this.#form(t('sign-in'), async (values) => {
      await signIn(values.email, values.password);
      await next();
    }, [
      field('email', t('email'), {type: 'email', autocomplete: 'username', required: true}),
      field('password', t('password'), {type: 'password', autocomplete: 'current-password', required: true}),
    ], t('sign-in.do'), 'sign-in.wrong');
    if (boot.oidc) add(form, h('a', {class: 'vc-button', href: `${boot.api}/auth/oidc/login?pages=true`}, t('sign-in.provider')));
    add(form, h('p', {class: 'vc-faint'}, t('sign-in.help')));
    return form;
  }

  #invited(invitation, next) {
    return this.#form(t('invitation'), async (values) => {
      await accept(invitation, values);
      await next();
    }, [
      h('p', {}, t('invitation.text')),
      field('email', t('email'), {type: 'email', autocomplete: 'username'}, t('invitation.email')),
      field('name', t('name'), {autocomplete: 'name', required: true, maxlength: 200}),
      field('password', t('password'), {type: 'password', autocomplete: 'new-password', required: true, minlength: boot.minPassword},
        t('password.hint', {count: boot.minPassword})),
    ], t('invitation.do'), 'invitation.wrong');
  }

  #form(title, send, fields, action, wrong) {
    const note = this.#note = h('div', {class: 'vc-fault', role: 'alert', hidden: true});
    const button = h('button', {class: 'vc-button vc-main', type: 'submit'}, action);
    const form = h('form', {class: 'vc-panel', onsubmit: async (event) => {
      event.preventDefault();
      button.disabled = true;
      note.hidden = true;
      try {
        await send(Object.fromEntries(new FormData(form)));
      } catch (error) {
        const {title: what, detail} = [401, 404].includes(error.status) ? {title: t(wrong), detail: t(`${wrong}.do`)} : explain(error);
        this.#tell(what, detail);
      } finally {
        button.disabled = false;
      }
    }}, h('h1', {}, title), fields, note, button);
    return form;
  }
}

function field(name, label, properties, hint) {
  const id = `vc-${name}`;
  return h('label', {class: 'vc-field', for: id}, h('span', {}, label),
    h('input', {id, name, 'aria-describedby': hint ? `${id}-hint` : null, ...properties}),
    hint && h('small', {id: `${id}-hint`, class: 'vc-faint'}, hint));
}
