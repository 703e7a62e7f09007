// The account: who one is, language, look, password.

import {boot} from '../lib/boot.js';
import {h} from '../lib/dom.js';
import {choice, field, form, section} from '../lib/forms.js';
import {language, t, useLanguage} from '../lib/i18n.js';
import {api} from '../lib/api.js';
import {signIn, who} from '../lib/session.js';
import {theme, useTheme} from '../lib/theme.js';
import {toast, toastError} from '../lib/toast.js';

/** The part of the page. */
export async function account() {
  const {user} = who();
  const tongue = choice([['en', 'English'], ['zh', '中文']], language(), {onchange: () => useLanguage(tongue.value).catch(toastError)});
  const look = choice(['system', 'light', 'dark'].map((word) => [word, t(`theme.${word}`)]), theme(), {onchange: () => useTheme(look.value)});
  return [
    h('p', {}, user.name && h('strong', {}, user.name), user.name && ' · ', user.email),
    h('div', {class: 'vc-grid'}, field(t('language'), tongue), field(t('theme'), look)),
    section(t('settings.password'), password()),
  ];
}

function password() {
  const again = h('input', {type: 'password', name: 'again', autocomplete: 'new-password', required: true});
  const fresh = h('input', {type: 'password', name: 'new', autocomplete: 'new-password', required: true, minlength: boot.minPassword});
  const same = () => again.setCustomValidity(again.value === fresh.value ? '' : t('settings.password.differ'));
  again.addEventListener('input', same);
  fresh.addEventListener('input', same);
  return form(t('settings.password.do'), async (values, element) => {
    const {user: {email}, workspace_id: place} = who();
    await api.post('/auth/password', {current: values.current, new: values.new});
    await signIn(email, values.new, place); // all sign-ins have ended, this one too
    element.reset();
    toast(t('settings.password.done'), {kind: 'good', detail: t('settings.password.others')});
  },
  h('div', {class: 'vc-grid'},
    field(t('settings.password.now'), h('input', {type: 'password', name: 'current', autocomplete: 'current-password', required: true})),
    field(t('settings.password.new'), fresh, t('password.hint', {count: boot.minPassword})),
    field(t('settings.password.again'), again)));
}
