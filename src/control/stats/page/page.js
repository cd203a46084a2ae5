function tick(box){for(const c of box.closest("form").querySelectorAll("input[name=s]"))c.checked=box.checked}
