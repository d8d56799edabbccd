import {mount} from 'svelte';
import App from './App.svelte';
import {place, watchPlace} from './lib/place.svelte';
import {expectFirst} from './lib/questions';
import {learnSession} from './lib/session.svelte';
import {show} from './lib/theme.svelte';
import {preferredLanguage, speak} from './lib/words.svelte';
import {expectPage} from './pages/loaders';
import './style/tokens.css';
import './style/base.css';

show();
watchPlace();
void learnSession();
expectFirst(place.route);
expectPage(place.route.page);
try {
  await speak(preferredLanguage());
  mount(App, {target: document.body});
} catch (failure) {
  // Without a catalogue there are no words but these.
  document.body.textContent = 'A part of this page did not come. Reload it, please. 页面的一部分未能加载，请刷新。';
  throw failure;
}
