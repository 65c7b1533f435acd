"""The kinds of vehicle that the test city can build, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Final

import numpy as np

from yanji.ingest.testcity.mesh import Mesh
from yanji.ingest.testcity.vehicles import addons as extra
from yanji.ingest.testcity.vehicles import buses, cars, scooters, trucks, vans
from yanji.ingest.testcity.vehicles.bicycles import bicycle, pedal_ebike
from yanji.ingest.testcity.vehicles.motorcycles import motorcycle
from yanji.ingest.testcity.vehicles.tricycles import tricycle

Box4 = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Kind:
    """One model of vehicle; all measures in metres in the vehicle's axes."""

    vehicle_class: str
    """One of `yanji.detect.classes.CLASSES` (not imported: ingest stands below detect)."""
    group: str
    """four_wheel, two_wheeler or three_wheeler."""
    build: Callable[[int], Mesh]
    """Makes the mesh in detail 0 (full), 1 (middle) or 2 (far away, shadows)."""
    length_m: float
    width_m: float
    height_m: float
    """Of the whole, rider included, without addons."""
    speed_mps: float
    """Usual cruising speed in the city."""
    flank: Box4
    """x0, z0, x1, z1: what the flank's picture covers, on both sides."""
    rear: Box4
    """y0, z0, y1, z1: what the rear's picture covers."""
    plate_rear: Box4 | None
    """x of its face, z of its middle, width, height; None: the kind has no plate there."""
    plate_front: Box4 | None
    headlamps: tuple[tuple[float, float, float], ...]
    rider: bool = False
    addons: Mapping[str, Callable[[int], Mesh]] = field(default_factory=dict)
    """Extra parts, drawn with the same model matrix."""


def _car(shape: cars.CarShape, **addons: Callable[[int], Mesh]) -> Kind:
    front, half = shape.length / 2, shape.width / 2
    lamp = (front - 0.10, half * 0.72, shape.bonnet_z - 0.13)
    return Kind(
        "truck" if shape.bed else "car", "four_wheel", partial(cars.car, shape),
        shape.length, shape.width + 0.32, shape.height, 9.0,
        (shape.axles_x[1] - 0.2, shape.clearance + 0.1, shape.axles_x[0] + 0.1,
         shape.belt_z - 0.02),
        (-half + 0.1, shape.clearance + 0.1, half - 0.1, shape.boot_z + 0.45),
        cars.plate_rear(shape), cars.plate_front(shape),
        (lamp, (lamp[0], -lamp[1], lamp[2])), addons=addons,
    )  # fmt: skip


def _car_addons(shape: cars.CarShape, length: float) -> dict[str, Callable[[int], Mesh]]:
    x = (shape.screen[1] + shape.rear_glass[1]) / 2 - 0.1
    half = shape.width / 2 - 0.40
    return {
        "roof_bars": extra.roof_bars(x, shape.height - 0.035, half, length),
        "roof_box": extra.roof_box(x, shape.height - 0.03),
    }


def _van(shape: vans.VanShape, vehicle_class: str, **addons: Callable[[int], Mesh]) -> Kind:
    front, half = shape.length / 2, shape.width / 2
    return Kind(
        vehicle_class, "four_wheel", partial(vans.van, shape),
        shape.length + 0.034, shape.width + 0.37, shape.height, 8.5,
        (-front + 0.3, 0.5, shape.screen[1] - 0.2, shape.height - 0.3),
        (-half + 0.1, 0.5, half - 0.1, shape.height - 0.15),
        (-front - 0.017, 0.86, 0.46, 0.15), (front + 0.017, 0.44, 0.46, 0.15),
        ((front - 0.15, half * 0.75, 0.8), (front - 0.15, -half * 0.75, 0.8)), addons=addons,
    )  # fmt: skip


def _truck(build: Callable[[int], Mesh], height: float, box: bool,
           **addons: Callable[[int], Mesh]) -> Kind:  # fmt: skip
    front, half = trucks.LENGTH / 2, trucks.WIDTH / 2
    top = trucks.BOX_TOP - 0.05 if box else trucks.BED_Z + 0.47
    return Kind(
        "truck", "four_wheel", build, trucks.LENGTH + 0.04, trucks.WIDTH + 0.35, height, 8.0,
        (-front, trucks.BED_Z, front - 1.9, top), (-half, trucks.BED_Z, half, top),
        (-front - 0.02, 0.72, 0.46, 0.17), (front + 0.02, 0.56, 0.44, 0.14),
        ((front, 0.78, 0.79), (front, -0.78, 0.79)), addons=addons,
    )  # fmt: skip


def _scooter(shape: scooters.ScooterShape, sizes: tuple[float, float, float], speed: float,
             vehicle_class: str = "ebike", box: bool = False) -> Kind:  # fmt: skip
    bar_x, bar_z = shape.bar
    seat, rear = shape.seat_z, shape.axle_rear
    flank = (-0.93, seat + 0.09, -0.47, seat + 0.57) if box else (-0.80, 0.40, -0.10, seat)
    back = (-0.25, seat + 0.09, 0.25, seat + 0.57) if box else (-0.2, 0.40, 0.2, seat)
    parts: dict[str, Callable[[int], Mesh]] = {
        "wind_cover": extra.wind_cover(bar_x, bar_z, seat),
        "footboard_load": extra.footboard_load(0.34),
        "canopy": extra.canopy(
            -0.60,
            0.72,
            0.34,
            1.88,
            (bar_x + 0.06, 0.16, bar_z - 0.05),
            (rear - 0.05, 0.12, seat - 0.1),
        ),
    }
    if not box:
        parts |= {
            "top_case": extra.top_case(-0.80, seat + 0.22),
            "child_seat": extra.child_seat(-0.56, seat + 0.06),
            "carton": extra.carton_behind(-0.66, seat + 0.06, 0.42),
            "basket": extra.basket(bar_x + 0.30, bar_z - 0.16),
            "side_bags": extra.side_bags(rear, 0.56),
        }
    return Kind(
        vehicle_class, "two_wheeler", partial(scooters.scooter, shape, box=box), *sizes, speed,
        flank, back, (rear - 0.278, shape.wheel + 0.235, 0.20, 0.15), None,
        ((bar_x + 0.16, 0, bar_z - 0.06),), True, parts,
    )  # fmt: skip


_BED = (-1.52, -0.20, 0.47, 0.65)
_LORRY_BED = (trucks.BED_X[0] + 0.06, trucks.BED_X[1] - 0.1, 0.98, trucks.BED_Z + 0.03)

KINDS: Final[dict[str, Kind]] = {
    "saloon": _car(
        cars.SALOON, roof_sign=extra.roof_sign(-0.25, 1.44), **_car_addons(cars.SALOON, 1.2)
    ),
    "hatchback": _car(cars.HATCHBACK, **_car_addons(cars.HATCHBACK, 1.4)),
    "suv": _car(cars.SUV, **_car_addons(cars.SUV, 1.8)),
    "mpv": _car(cars.MPV, **_car_addons(cars.MPV, 2.2)),
    "pickup": _car(
        cars.PICKUP,
        cartons=extra.cartons(-2.35, -1.0, 0.68, 1.18, 0.5, 11),
        tarpaulin=extra.heap(-2.4, -0.98, 0.74, 1.16, 0.5),
    ),
    "van": _van(vans.VAN, "van", ladder=extra.ladder(-0.7, 2.2, 3.0)),
    "minibus": _van(vans.MINIBUS, "bus", roof_bars=extra.roof_bars(-0.6, 2.48, 0.55, 3.0)),
    "box_truck": _truck(trucks.box_truck, trucks.BOX_TOP + 0.03, True),
    "flatbed": _truck(
        trucks.flatbed, trucks.CAB_TOP, False,
        cartons=extra.cartons(*_LORRY_BED, 1.1, 5),
        bricks=extra.cartons(*_LORRY_BED, 0.45, 9),
        pipes=extra.pipes(*_LORRY_BED[:2], 0.8, trucks.BED_Z + 0.03),
        tarpaulin=extra.heap(*_LORRY_BED, 1.0),
    ),
    "bus": Kind(
        "bus", "four_wheel", buses.bus, 10.7, 2.65, 3.16, 7.5,
        (-4.9, 0.42, 4.9, 1.22), (-1.1, 1.42, 1.1, 2.9),
        (-5.267, 1.16, 0.46, 0.17), (5.267, 0.52, 0.44, 0.14),
        ((5.2, 0.95, 0.69), (5.2, -0.95, 0.69)),
    ),
    "motorcycle": Kind(
        "motorcycle", "two_wheeler", motorcycle, 2.06, 0.88, 1.74, 9.0,
        (-0.9, 0.66, 0.45, 1.0), (-0.2, 0.5, 0.2, 1.0), (-0.993, 0.62, 0.22, 0.16), None,
        ((0.68, 0, 0.93),), True,
        {"top_case": extra.top_case(-0.80, 1.10), "side_bags": extra.side_bags(-0.62, 0.66)},
    ),
    "moped": _scooter(scooters.MOPED, (1.86, 0.88, 1.72), 8.0, "motorcycle"),
    "ebike": _scooter(scooters.EBIKE, (1.81, 0.88, 1.71), 6.0),
    "light_ebike": _scooter(scooters.LIGHT, (1.68, 0.88, 1.68), 5.5),
    "heavy_ebike": _scooter(scooters.HEAVY, (1.95, 0.88, 1.72), 6.5),
    "delivery_ebike": _scooter(scooters.EBIKE, (1.85, 0.88, 1.71), 6.5, box=True),
    "heavy_delivery_ebike": _scooter(scooters.HEAVY, (1.95, 0.88, 1.72), 7.0, box=True),
    "pedal_ebike": Kind(
        "ebike", "two_wheeler", pedal_ebike, 1.64, 0.73, 1.72, 5.5,
        (-0.30, 0.30, 0.45, 0.80), (-0.15, 0.3, 0.15, 0.8), (-0.81, 0.56, 0.17, 0.12), None,
        ((0.46, 0, 0.86),), True,
        {"basket": extra.basket(0.56, 0.94), "child_seat": extra.child_seat(-0.56, 0.77),
         "carton": extra.carton_behind(-0.58, 0.77, 0.36),
         "side_bags": extra.side_bags(-0.56, 0.50)},
    ),
    "bicycle": Kind(
        "bicycle", "two_wheeler", bicycle, 1.75, 0.72, 1.79, 4.0,
        (-0.30, 0.30, 0.45, 0.85), (-0.1, 0.3, 0.1, 0.8), None, None, ((0.46, 0, 0.86),), True,
        {"basket": extra.basket(0.56, 0.92), "child_seat": extra.child_seat(-0.52, 0.72),
         "carton": extra.carton_behind(-0.52, 0.70, 0.32)},
    ),
    "tricycle": Kind(
        "tricycle", "three_wheeler", tricycle, 2.87, 1.08, 1.67, 5.0,
        (-1.56, 0.62, -0.16, 1.5), (-0.5, 0.62, 0.5, 1.5), (-1.578, 0.54, 0.20, 0.14), None,
        ((0.97, 0, 0.93),), True,
        {"cartons": extra.cartons(*_BED, 0.75, 3), "parcels": extra.cartons(*_BED, 0.5, 8),
         "tarpaulin": extra.heap(*_BED, 0.62), "bottles": extra.water_bottles(*_BED),
         "box": extra.box_body(*_BED, 0.95), "canopy": extra.canopy(
             -0.1, 1.05, 0.45, 1.88, (0.84, 0.16, 0.90), (-0.17, 0.46, 0.98))},
    ),
}  # fmt: skip


@cache
def mesh_of(kind: str, addons: tuple[str, ...] = (), detail: int = 0) -> Mesh:
    """Build the mesh of a kind with some of its addons, once.

    Raises:
        KeyError: no such kind or addon.
    """
    if not addons:
        return KINDS[kind].build(detail)
    return np.concatenate(
        [mesh_of(kind, (), detail), *(_addon(kind, name, detail) for name in addons)]
    )


@cache
def outline_of(kind: str, addons: tuple[str, ...] = ()) -> Mesh:
    """Return the outermost points (N, 3) of a kind, for projecting its whole box.

    They are the furthest points of the full mesh in 1500 directions, so the box of their
    projection misses the true one by millimetres only.
    """
    if not addons:
        return _outermost(mesh_of(kind))
    return np.concatenate([outline_of(kind), *(_addon_outline(kind, name) for name in addons)])


@cache
def _addon(kind: str, name: str, detail: int) -> Mesh:
    return KINDS[kind].addons[name](detail)


@cache
def _addon_outline(kind: str, name: str) -> Mesh:
    return _outermost(_addon(kind, name, 0))


def _outermost(mesh: Mesh) -> Mesh:
    points = np.unique(mesh[:, :3], axis=0)
    count = np.arange(1500) + 0.5
    rise, turn = np.arccos(1 - 2 * count / len(count)), np.pi * (1 + 5**0.5) * count
    directions = np.stack(
        [np.cos(turn) * np.sin(rise), np.sin(turn) * np.sin(rise), np.cos(rise)], axis=0
    )
    furthest = np.unique((points @ directions.astype(np.float32)).argmax(axis=0))
    return np.asarray(points[furthest], np.float32)
