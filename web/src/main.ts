import {mount} from 'svelte';
import App from './App.svelte';
import {watchPlace} from './lib/place.svelte';
import {learnSession} from './lib/session.svelte';
import {show} from './lib/theme.svelte';
import {preferredLanguage, speak} from './lib/words.svelte';
import './style/tokens.css';
import './style/base.css';

show();
watchPlace();
void learnSession();
await speak(preferredLanguage());
mount(App, {target: document.body});
