// Something that the reader has the registry do: whether it is under way, and why it was refused.
import {Problem} from './api';

export class Deed {
  isBusy = $state(false);
  problem = $state.raw<Problem>();

  // Whether it was done.
  run = async (work: () => Promise<unknown>): Promise<boolean> => {
    this.isBusy = true;
    this.problem = undefined;
    try {
      await work();
      return true;
    } catch (failure) {
      this.problem = failure instanceof Problem ? failure : new Problem('unknown', 0);
      return false;
    } finally {
      this.isBusy = false;
    }
  };

  forget(): void {
    this.problem = undefined;
  }
}
