-- wrk: fifty requests a second on each connection, so that the machine is not full of cached clips alone.
function delay() return 20 end
