"""Pure decisions of the queue: values in, values out, time and ids are arguments."""
