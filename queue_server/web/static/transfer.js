// Where somebody can be sent: services that have an open room, doctors who are here, and open rooms.
import { about, named, text } from './page.js'

const byWords = ([, one], [, other]) => one.localeCompare(other, about.language, { numeric: true })

export function targets(services, rooms, entry) {
  const open = rooms.filter((room) => room.open && room.service_ids.length > 0)
  const elsewhere = open.filter(({ room_id }) => room_id !== entry.room_id)
  const given = new Set(open.flatMap((room) => room.service_ids))
  const ofServices = services
    .filter(({ service_id }) => given.has(service_id) && service_id !== entry.service_id)
    .map((service) => [JSON.stringify({ service_id: service.service_id }), named(service.names)])
  const ofRooms = elsewhere
    .map((room) => [JSON.stringify({ room_id: room.room_id }), text('transfer.room', { room: room.number, name: named(room.names) })])
  return [
    { label: text('transfer.services'), options: ofServices.sort(byWords) },
    { label: text('transfer.doctors'), options: doctors(elsewhere).sort(byWords) },
    { label: text('transfer.rooms'), options: ofRooms.sort(byWords) },
  ].filter(({ options }) => options.length > 0)
}

// Each by name, once: the server knows the room, also when the doctor has moved to another since this was drawn.
function doctors(rooms) {
  const names = [...new Set(rooms.map(({ doctor }) => doctor).filter(Boolean))]
  const doors = (name) => rooms.filter(({ doctor }) => doctor === name).map(({ number }) => number).join(', ')
  return names.map((name) => [JSON.stringify({ doctor: name }), text('transfer.doctor', { name, room: doors(name) })])
}
