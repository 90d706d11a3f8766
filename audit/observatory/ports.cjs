// An emulated droplet has its doors on other ports of this machine, and a name that nobody
// resolves. The Observatory knows 80 and 443 only, so its connections are led there instead.
const net = require("node:net");

const doors = JSON.parse(process.env.FREEHOLD_DOORS);
const connect = net.Socket.prototype.connect;

net.Socket.prototype.connect = function (...words) {
  // net.connect hands its own, already sorted words on as one array.
  const options = Array.isArray(words[0]) ? words[0][0] : words[0];
  if (options.host === doors.name || options.host === `www.${doors.name}`) {
    options.port = doors[options.port] ?? options.port;
    options.host = doors.address;
  }
  return connect.apply(this, words);
};
